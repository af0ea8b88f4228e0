import ArgumentParser
package import Engine
import Foundation
import ModelFiles

extension WeightPrecision: ExpressibleByArgument {}

/// What the command line says about the embedded engine: for a session, and for the server.
struct EngineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The number of threads that compute; by default all cores.", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Memory in GB for activations and caches, beside the weights; by default a quarter of the machine's.", valueName: "gb"))
    var memory: Double?

    @Option(help: "How the model's weights are kept: bfloat16 (the default), or float32 for comparing.")
    var precision: WeightPrecision?

    /// Options that mean nothing where another machine computes, as they were given.
    var given: [String] {
        [threads.map { _ in "--threads" }, memory.map { _ in "--memory" }, precision.map { _ in "--precision" }].compactMap(\.self)
    }

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads takes a number from 1, not \(threads)") }
        if let memory, !(0.1...1e6).contains(memory) { throw ValidationError("--memory takes gigabytes from 0.1, not \(memory)") }
    }

    /// The engine over the models of a store, with checkpoints in the folder of the user's data.
    func service(
        _ store: ModelStore, dataFolder: URL,
        progress: @escaping @Sendable (_ model: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
    ) -> EngineService {
        EngineService(
            store: store, checkpointFolder: dataFolder.appending(path: "checkpoints"), precision: precision ?? .bfloat16,
            threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
            memoryBudget: memory.map { MemoryBudget(bytes: Int($0 * 0x1p30)) } ?? .standard, progress: progress)
    }
}
