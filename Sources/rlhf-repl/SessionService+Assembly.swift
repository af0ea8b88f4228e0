import Cookbook
import Foundation
import LuaBindings
import LuaRuntime
import Terminal
import TrainingAPI

extension SessionService {
    /// The clients of a service and the cookbook over them; scripts may open other services by their addresses.
    static func over(
        _ service: any TrainingService, model: String, _ services: RemoteServices, _ options: SessionOptions, _ console: Console,
        _ environment: [String: String], memory: @escaping () -> [(what: String, bytes: Int)]
    ) -> SessionService {
        let context = CookbookContext(
            service: service, modelName: model, logDir: options.logFolder ?? "runs",
            preferenceModels: PreferenceModelIndex(
                path: dataFolder(environment).appending(path: "preference_models.jsonl").path),
            progress: console.stages,
            plot: { try console.text(of: $0) },
            table: { columns, rows in
                TablePrinter(columns: columns, rows: rows, maxWidth: TerminalSize.current().columns, maxRows: 200)
                    .text(style: console.style)
            })
        return SessionService(
            title: "\(model), \(service.summary)",
            register: { registry in
                registry.addTensors()
                registry.addClients(
                    ClientBindings(
                        service: { try services.service($0, session: service) }, defaultModel: model, progress: console.stages))
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
            memory: memory)
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
