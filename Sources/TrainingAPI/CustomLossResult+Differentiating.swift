public import Tensors

extension CustomLossResult {
    /// The result of a loss written as arithmetic: the function gets the logprobs as variables and returns the scalar loss with
    /// metrics. Throws `usage` if the loss is no scalar or does not depend on the logprobs, and `notFinite`.
    public static func differentiating(
        logprobs: [Tensor], loss: @Sendable ([Tensor]) async throws -> (loss: Tensor, metrics: [String: Double])
    ) async throws -> CustomLossResult {
        var variables: [Tensor] = []
        for tensor in logprobs { variables.append(try tensor.requiringGradient()) }
        let result = try await loss(variables)
        guard result.loss.count == 1 else {
            throw TrainingError.usage(
                "the custom loss has shape \(result.loss.shape), expected a scalar", hint: "add it up with sum()")
        }
        guard result.loss.requiresGradient else {
            throw TrainingError.usage(
                "the custom loss does not depend on the logprobs",
                hint: "compute it from the logprobs that the function is given, as tensors")
        }
        let value = try result.loss.item()
        guard value.isFinite else { throw TrainingError.notFinite("the custom loss") }
        let parts = try Tensors.gradients(of: result.loss, by: variables)
        for (index, part) in parts.enumerated() where !part.doubles.allSatisfy(\.isFinite) {
            throw TrainingError.notFinite("datum \(index + 1): the gradient of the custom loss")
        }
        return CustomLossResult(loss: value, gradients: parts, metrics: result.metrics)
    }
}
