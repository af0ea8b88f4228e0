public import Tensors

extension CustomLossResult {
    /// Checks that loss and gradients are finite, and that there is one gradient for each of the logprobs, shaped alike.
    public func validate(against logprobs: [Tensor]) throws(TrainingError) {
        guard loss.isFinite else { throw .notFinite("the custom loss") }
        guard gradients.count == logprobs.count else {
            throw .usage("the custom loss returned \(gradients.count) gradients for \(logprobs.count) data")
        }
        for (index, (gradient, logprob)) in zip(gradients, logprobs).enumerated() {
            guard gradient.shape == logprob.shape else {
                throw .shapeMismatch(
                    name: "the loss's gradient", expected: logprob.shape, got: gradient.shape, datum: index)
            }
            guard gradient.floats.allSatisfy(\.isFinite) else {
                throw .notFinite("the custom loss's gradient for datum \(index + 1)")
            }
        }
    }
}
