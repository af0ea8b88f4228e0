/// What has accumulated on SkyRL since the last step. SkyRL averages over all sequences of a step, and how many there will be is not
/// known before the last call; so all are scaled by the number of the first call. That makes the gradient of a step of one call the
/// sum that it is everywhere else. Steps of several calls get it times `scale / sequences`, which AdamW hardly feels; `take` says
/// how to take it out of the norm.
struct SkyRLGradients: Sendable {
    private var scale = 0
    private var sequences = 0

    /// What gradients of the next call are multiplied by, if it has this many sequences.
    func scale(ofNext count: Int) -> Int { sequences == 0 ? count : scale }

    /// Whether a further call belongs to a step that has begun.
    var isBegun: Bool { sequences > 0 }

    /// A call has been sent.
    mutating func add(_ count: Int) {
        scale = scale(ofNext: count)
        sequences += count
    }

    /// A step has been sent: what its norm has to be multiplied by.
    mutating func take() -> Double {
        defer { self = SkyRLGradients() }
        return sequences == 0 ? 1 : Double(sequences) / Double(scale)
    }
}
