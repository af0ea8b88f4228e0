import Cookbook
import LuaRuntime

/// A measure of the weights as Lua holds it: an item of `evaluators`.
final class EvaluatorObject: LuaObject {
    static let luaType = "Evaluator"
    let evaluator: any Evaluator

    init(_ evaluator: any Evaluator) { self.evaluator = evaluator }

    /// The type in Lua.
    static let binding = TypeBinding(
        name: luaType, doc: "Measures the weights of a run, before some steps and at the end: an item of `evaluators`.",
        properties: [
            FunctionBinding("name", doc: "What its metrics and samples are named after.", returns: "string") {
                .value(.string(try $0.object(0, as: EvaluatorObject.self).evaluator.name))
            }
        ],
        operators: [
            FunctionBinding("__tostring", doc: "Shows the name.") {
                .value(.string("Evaluator(\(try $0.object(0, as: EvaluatorObject.self).evaluator.name))"))
            }
        ])
}

/// An evaluator that a Lua function is.
struct LuaEvaluator: Evaluator {
    let name: String
    let function: LuaFunction

    /// Calls `evaluate{step, sampling_client, training_client, renderer}`, which returns metrics by their full names.
    func evaluate(_ context: EvaluationContext) async throws -> Evaluation {
        let sampler = try await context.weights.sampler()
        let values = try await function.call([
            .table([
                "step": .integer(context.step), "sampling_client": .object(SamplingClientObject(sampler)),
                "training_client": .object(TrainingClientObject(context.trainingClient)),
                "renderer": .object(RendererObject(context.renderer)),
            ])
        ])
        return Evaluation(metrics: try function.metrics(values.first ?? .none))
    }
}
