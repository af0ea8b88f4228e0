import Cookbook
import Engine
import Foundation
import LuaBindings
import LuaRuntime
import ModelFiles
import Terminal

extension SessionService {
    /// The embedded engine, its clients and the cookbook.
    static func embedded(_ options: SessionOptions, _ console: Console) throws -> SessionService {
        let environment = ProcessInfo.processInfo.environment
        let store = ModelStore(environment: environment)
        let model = try options.model.map { try store.resolve($0).name } ?? ModelStore.defaultModel.name
        let progress = console.stages
        let folder = dataFolder(environment)
        let service = EngineService(
            store: store, checkpointFolder: folder.appending(path: "checkpoints"),
            precision: options.precision, threads: options.threads ?? ProcessInfo.processInfo.activeProcessorCount,
            memoryBudget: options.memory.map { MemoryBudget(bytes: Int($0 * 0x1p30)) } ?? .standard
        ) { name, done, total in
            progress.report(StageProgress(stage: "reading \(name)", done: done, total: total, unit: "layer"))
        }
        let context = CookbookContext(
            service: service, modelName: model, logDir: options.logFolder ?? "runs",
            preferenceModels: PreferenceModelIndex(path: folder.appending(path: "preference_models.jsonl").path),
            progress: progress,
            plot: { try console.text(of: $0) },
            table: { columns, rows in
                TablePrinter(columns: columns, rows: rows, maxWidth: TerminalSize.current().columns, maxRows: 200)
                    .text(style: console.style)
            })
        return SessionService(
            title: "\(model), \(service.summary)",
            register: { registry in
                registry.addTensors()
                registry.addClients(ClientBindings(service: { _ in service }, defaultModel: model))
                registry.addCookbook(context)
                registry.add(
                    ConstantBinding(
                        "rlhf.default_model", doc: "The session's model: what `model_name` and `base_model` are by default.",
                        type: "string", value: .string(model)))
            },
            display: { value in
                guard let runs = (value.object as? any TokenDisplayable)?.tokenRuns else { return nil }
                return runs.header + "\n" + TokenPainter(style: console.style).paint(runs.pieces)
            },
            memory: { [] })
    }

    /// Where checkpoints are kept from session to session.
    static func dataFolder(_ environment: [String: String]) -> URL {
        if let home = environment["XDG_DATA_HOME"], !home.isEmpty { return URL(filePath: home).appending(path: "rlhf-repl") }
        return URL.homeDirectory.appending(path: ".local/share/rlhf-repl")
    }
}

extension Console {
    /// The text of a run's plot, which is also written to its file if it names one.
    fileprivate func text(of run: RunPlot) throws -> String {
        let plot = Plot(
            series: run.series.map { Plot.Series($0.name, x: $0.x, y: $0.y) }, title: run.title, xLabel: "step")
        if let file = run.file { try plot.writeSVG(to: URL(filePath: file)) }
        return plot.text(width: min(72, TerminalSize.current().columns), height: 12, marks: .braille, style: style)
    }
}
