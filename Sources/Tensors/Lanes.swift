/// The lines of elements that a reduction runs over: along one axis, or all elements in one line.
struct Lanes: Sendable {
    let outer: Int
    let length: Int
    let inner: Int
    /// The shape of the reduced tensor.
    let shape: [Int]
    /// The same with extents of 1 for the reduced axes, which broadcasts against the input.
    let keptShape: [Int]

    init(of tensor: Tensor, axis: Int?, keepdims: Bool, op: String) throws(TensorError) {
        // A scalar counts as its own only axis, so that softmax and friends work on it.
        guard let axis, !(tensor.rank == 0 && (axis == 0 || axis == -1)) else {
            (outer, length, inner) = (1, tensor.count, 1)
            keptShape = tensor.shape.map { _ in 1 }
            shape = keepdims ? keptShape : []
            return
        }
        let resolved = try tensor.resolved(axis: axis, op: op)
        outer = tensor.shape[..<resolved].reduce(1, *)
        length = tensor.shape[resolved]
        inner = tensor.shape[(resolved + 1)...].reduce(1, *)
        var kept = tensor.shape
        kept[resolved] = 1
        keptShape = kept
        if !keepdims { kept.remove(at: resolved) }
        shape = kept
    }

    /// One number for each lane.
    func reduce<Element, Result>(_ values: [Element], _ function: ([Element]) -> Result) -> [Result] {
        var results: [Result] = []
        results.reserveCapacity(outer * inner)
        forEach { indices in results.append(function(indices.map { values[$0] })) }
        return results
    }

    /// Each lane replaced by as many numbers.
    func map(_ values: [Double], _ function: ([Double]) -> [Double]) -> [Double] {
        var results = values
        forEach { indices in
            for (index, value) in zip(indices, function(indices.map { values[$0] })) { results[index] = value }
        }
        return results
    }

    private func forEach(_ body: (StrideTo<Int>) -> Void) {
        for block in 0..<outer {
            for column in 0..<inner {
                let start = block * length * inner + column
                body(stride(from: start, to: start + length * inner, by: inner))
            }
        }
    }
}
