import TrainingAPI

/// Adds up a loss over data as their logprobs come in.
struct LossTotal {
    private let loss: LossFunction
    private var sum = 0.0
    private var others: [String: Double] = [:]
    private var count = 0

    init(_ loss: LossFunction) { self.loss = loss }

    /// Returns dLoss/dLogprob of one datum. Throws `notFinite` if its loss is not finite.
    mutating func add(_ datum: Datum, _ logprobs: [Float], index: Int) throws(TrainingError) -> [Float] {
        let result = loss.evaluate(datum, logprobs: logprobs)
        guard result.loss.isFinite else { throw .notFinite("the loss of datum \(index + 1)") }
        sum += result.loss
        count += 1
        others.merge(result.metrics) { $0 + $1 }
        return result.gradient
    }

    /// The summed loss, and the mean over data of whatever else the loss reports.
    var metrics: [String: Double] {
        others.mapValues { $0 / Double(max(count, 1)) }.merging(["loss:sum": sum]) { $1 }
    }
}
