import Display
import Foundation
import LuaBindings
import LuaRuntime
import TestSupport

/// A session with the client layer over the toy service, on a thread of its own as in the program.
enum ClientSession {
    /// A cell of one sentence in tokens (a byte each), and data to train on.
    static let prelude = """
        service = rlhf.ServiceClient{}
        trainer = service:create_lora_training_client{rank = 4, seed = 1}
        sampler = service:create_sampling_client{}
        tok = trainer:get_tokenizer()
        ids = tok:encode('abcd')
        prompt = rlhf.ModelInput.from_ints{97, 98}
        input = prompt
        datum = rlhf.Datum{model_input = {97, 98, 99}, loss_fn_inputs = {target_tokens = {98, 99, 100}, weights = {0, 1, 1}}}
        data = {datum, datum}
        path = trainer:save_state('start'):result().path
        response = sampler:sample{prompt = prompt, sampling_params = {max_tokens = 3, seed = 1}}:result()
        sequence = response.sequences[1]
        rest = service:create_rest_client()
        id = 'run-1'
        """

    static var registry: Registry {
        var registry = Registry()
        registry.addFutures()
        registry.addTensors()
        let service = FakeService()
        registry.addClients(ClientBindings(service: { _ in service }, defaultModel: FakeService.modelName))
        return registry
    }

    /// What evaluating a cell has given.
    struct Result: Sendable {
        var shown: String
        var error: LuaError?
        /// The last value's text in colours, if it has one.
        var runs: TokenText?
    }

    /// Evaluates cells one after the other in a fresh session; each in turn may fail.
    static func evaluate(_ cells: [String], prelude: String = prelude) async throws -> [Result] {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                continuation.resume(
                    with: Swift.Result {
                        let state = try LuaState { _ in }
                        try registry.install(into: state)
                        if let error = state.evaluate(prelude, cellName: "prelude").error { throw error }
                        return cells.map { cell in
                            let outcome = state.evaluate(cell, cellName: "cell[1]")
                            let shown = outcome.values.map { state.describe($0, width: 1000) }.joined(separator: " ")
                            var runs: TokenText?
                            if let value = outcome.values.last, case .tokens(let text) = state.displayValue(of: value) {
                                runs = text
                            }
                            return Result(shown: shown, error: outcome.error, runs: runs)
                        }
                    })
            }
            thread.stackSize = 16 << 20
            thread.start()
        }
    }

    static func evaluate(_ cell: String, prelude: String = prelude) async throws -> Result {
        try await evaluate([cell], prelude: prelude)[0]
    }
}
