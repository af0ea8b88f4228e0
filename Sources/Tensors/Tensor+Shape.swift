extension Tensor {
    /// The same elements as another type. Gradients flow through conversions between float types.
    public func converted(to dtype: DType) -> Tensor {
        guard dtype != self.dtype else { return self }
        let original = self.dtype
        guard dtype.isFloatingPoint, original.isFloatingPoint else {
            return Tensor(storage: storage.converted(to: dtype), shape: shape)
        }
        return .result(storage.converted(to: dtype), shape: shape, of: [self]) { [$0.converted(to: original)] }
    }

    /// The same elements in another shape; one extent may be -1 and is then computed.
    public func reshaped(_ wanted: [Int]) throws(TensorError) -> Tensor {
        var target = wanted
        if let free = target.firstIndex(of: -1) {
            target[free] = 1
            let rest = try Self.checkedCount(target, op: "reshape")
            guard rest > 0, count % rest == 0 else {
                throw .elementCountMismatch(op: "reshape", from: shape, to: wanted)
            }
            target[free] = count / rest
        }
        guard try Self.checkedCount(target, op: "reshape") == count else {
            throw .elementCountMismatch(op: "reshape", from: shape, to: wanted)
        }
        let original = shape
        return .result(storage, shape: target, of: [self]) { gradient throws(TensorError) in
            [try gradient.reshaped(original)]
        }
    }

    /// This tensor with rows and columns exchanged: `[n, m]` to `[m, n]`.
    public func transposed() throws(TensorError) -> Tensor {
        guard rank == 2 else { throw .rankUnsupported(op: "transpose", expected: "a matrix", shape: shape) }
        let (rows, columns) = (shape[0], shape[1])
        var offsets: [Int] = []
        offsets.reserveCapacity(count)
        for column in 0..<columns {
            for row in 0..<rows { offsets.append(row * columns + column) }
        }
        return gathered(offsets, shape: [columns, rows])
    }

    /// This tensor repeated along new axes in front and along axes of extent 1.
    public func broadcast(to wanted: [Int]) throws(TensorError) -> Tensor {
        if wanted == shape { return self }
        guard Self.broadcastShape(shape, wanted) == wanted else {
            throw .shapeMismatch(op: "broadcast", lhs: shape, rhs: wanted)
        }
        _ = try Self.checkedCount(wanted, op: "broadcast")
        return gathered(Self.broadcastOffsets(from: shape, to: wanted), shape: wanted)
    }

    /// A part along an axis: its extent becomes the range's. Throws `rangeOutOfBounds`.
    public func slice(_ range: Range<Int>, axis: Int = 0) throws(TensorError) -> Tensor {
        let axis = try resolved(axis: axis, op: "slice")
        guard range.lowerBound >= 0, range.upperBound <= shape[axis] else {
            throw .rangeOutOfBounds(op: "slice", range: range, axis: axis, shape: shape)
        }
        return try selected(Array(range), axis: axis)
    }

    /// The parts along an axis with the given indices, in that order; indices may repeat. Throws `rangeOutOfBounds`.
    public func selected(_ indices: [Int], axis: Int = 0) throws(TensorError) -> Tensor {
        let axis = try resolved(axis: axis, op: "select")
        let extent = shape[axis]
        for index in indices where !(0..<extent).contains(index) {
            throw .rangeOutOfBounds(op: "select", range: index..<index + 1, axis: axis, shape: shape)
        }
        let outer = shape[..<axis].reduce(1, *)
        let inner = shape[(axis + 1)...].reduce(1, *)
        var offsets: [Int] = []
        offsets.reserveCapacity(outer * indices.count * inner)
        for block in 0..<outer {
            for index in indices {
                let start = (block * extent + index) * inner
                offsets.append(contentsOf: start..<start + inner)
            }
        }
        var target = shape
        target[axis] = indices.count
        return gathered(offsets, shape: target)
    }

    /// The part at an index of the first axis: `[n, ...]` to `[...]`. Throws `rangeOutOfBounds`, also for a scalar.
    public subscript(index: Int) -> Tensor {
        get throws(TensorError) { try selected([index]).reshaped(Array(shape.dropFirst())) }
    }

    /// The elements at the given places of the storage. What slices, indices, transposes and broadcasts have in common.
    func gathered(_ offsets: [Int], shape target: [Int]) -> Tensor {
        let (original, dtype, size) = (shape, dtype, count)
        return .result(storage.gathered(offsets), shape: target, of: [self]) { gradient in
            var sums = [Double](repeating: 0, count: size)
            for (offset, part) in zip(offsets, gradient.doubles) { sums[offset] += part }
            return [Tensor(storage: Storage(dtype, sums), shape: original)]
        }
    }

    /// An axis counted from the front, where -1 is the last one.
    func resolved(axis: Int, op: String) throws(TensorError) -> Int {
        let resolved = axis < 0 ? axis + rank : axis
        guard shape.indices.contains(resolved) else { throw .axisOutOfRange(op: op, axis: axis, shape: shape) }
        return resolved
    }

    /// The shape of an elementwise operation: axes are matched from the last one, and an extent of 1 fits every other.
    static func broadcastShape(_ lhs: [Int], _ rhs: [Int]) -> [Int]? {
        let rank = Swift.max(lhs.count, rhs.count)
        let left = Array(repeating: 1, count: rank - lhs.count) + lhs
        let right = Array(repeating: 1, count: rank - rhs.count) + rhs
        var shape: [Int] = []
        for (a, b) in zip(left, right) {
            guard a == b || a == 1 || b == 1 else { return nil }
            shape.append(a == 1 ? b : a)
        }
        return shape
    }

    /// For each element of the larger shape, the place of the one it repeats.
    private static func broadcastOffsets(from shape: [Int], to wanted: [Int]) -> [Int] {
        var offsets = [0]
        var stride = shape.reduce(1, *)
        for (axis, extent) in wanted.enumerated() {
            let own = axis - (wanted.count - shape.count)
            guard own >= 0 else {
                offsets = Array(repeating: 0, count: offsets.count * extent)
                continue
            }
            stride = shape[own] == 0 ? 0 : stride / shape[own]
            let step = shape[own] == 1 ? 0 : stride
            var next: [Int] = []
            next.reserveCapacity(offsets.count * extent)
            for offset in offsets {
                for index in 0..<extent { next.append(offset + index * step) }
            }
            offsets = next
        }
        return offsets
    }
}
