import ArgumentParser
import Cookbook
import Display
import Foundation
import LuaRuntime
import Terminal

/// `rlhf-repl runs`: what has been trained, from the runs' own folders.
struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Lists runs, the latest first; of one run, what it measured and saved.",
        discussion: """
            A stage that is called again with a run's log_path goes on from its last checkpoint. The paths of checkpoints are what \
            load_checkpoint_path, create_sampling_client{model_path = ...} and rlhf.preference.model take.
            """)

    @Argument(help: ArgumentHelp("The folder of a run, or one with runs in it.", valueName: "folder"), completion: .directory)
    var folder = "runs"

    func run() throws {
        let writer = TerminalWriter()
        do {
            writer.write(TextRenderer(output: writer).text(try Self.shown(folder)) + "\n")
        } catch {
            let error = LuaError(error)
            writer.writeError("error: \(error)\n" + (error.hint.map { "hint: \($0)\n" } ?? ""))
            throw ExitCode(1)
        }
    }

    /// The runs in a folder, or the run whose folder it is.
    static func shown(_ folder: String) throws -> DisplayValue {
        let directory = RunDirectory(path: folder)
        if directory.holdsRun { return details(try RunSummary(directory)) }
        let runs = try RunSummary.all(in: folder)
        guard !runs.isEmpty else { return .text("no runs in \(directory.path)") }
        let clock = ISO8601DateFormatter()
        clock.timeZone = .current
        clock.formatOptions = [.withFullDate, .withTime, .withColonSeparatorInTime, .withSpaceBetweenDateAndTime]
        return .table(
            DisplayTable(
                columns: ["run", "stage", "model", "steps", "", "metric", "latest", "changed"],
                rows: runs.map { run in
                    [
                        name(of: run, in: directory), run.stage ?? "", run.modelName ?? "", String(run.steps),
                        run.isFinished ? "finished" : "", run.headline?.name ?? "", run.headline.map { number($0.value) } ?? "",
                        clock.string(from: run.changed),
                    ]
                }))
    }

    /// A run's path as one would type it where one stands.
    private static func name(of run: RunSummary, in directory: RunDirectory) -> String {
        let full = URL(filePath: directory.path).path
        let below = run.path.hasPrefix(full + "/") ? String(run.path.dropFirst(full.count + 1)) : run.path
        return directory.path + "/" + below
    }

    private static func details(_ run: RunSummary) -> DisplayValue {
        var parts: [DisplayValue] = []
        let state = "\(run.steps) step\(run.steps == 1 ? "" : "s")" + (run.isFinished ? ", finished" : ", not finished")
        parts.append(.text([run.stage, run.modelName, state].compactMap { $0 }.joined(separator: " · ")))
        if let headline = run.headline?.name {
            let measured = run.metrics.rows.compactMap { row in row.values[headline].map { (Double(row.step), $0) } }
            if measured.count > 1 {
                let series = Plot.Series(headline, x: measured.map(\.0), y: measured.map(\.1))
                parts.append(.plot(Plot(series: [series], title: headline, xLabel: "step")))
            }
        }
        let latest = run.metrics.names.compactMap { name in run.metrics.last(name).map { [name, number($0)] } }
        if !latest.isEmpty { parts.append(.table(DisplayTable(columns: ["metric", "latest"], rows: latest))) }
        let saved = run.checkpoints.map { [$0.name, String($0.nextStep), $0.samplerPath ?? "", $0.statePath ?? ""] }
        if !saved.isEmpty {
            parts.append(.table(DisplayTable(columns: ["checkpoint", "steps", "sampler_path", "state_path"], rows: saved)))
        }
        return .group(title: run.path, parts)
    }

    private static func number(_ value: Double) -> String { String(format: "%.5g", value) }
}
