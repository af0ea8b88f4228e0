extension Tensor {
    /// Tensors one after another along an axis; the other extents must agree. Types are promoted to a common one.
    public static func cat(_ tensors: [Tensor], axis: Int = 0) throws(TensorError) -> Tensor {
        guard let first = tensors.first else { throw .empty(op: "cat") }
        let axis = try first.resolved(axis: axis, op: "cat")
        var dtype = first.dtype
        for tensor in tensors {
            var expected = first.shape
            if tensor.rank == first.rank { expected[axis] = tensor.shape[axis] }
            guard tensor.shape == expected else {
                throw .shapeMismatch(op: "cat", lhs: first.shape, rhs: tensor.shape)
            }
            dtype = dtype.promoted(with: tensor.dtype)
        }
        let parts = tensors.map { $0.converted(to: dtype) }
        let extents = parts.map { $0.shape[axis] }
        var shape = first.shape
        shape[axis] = extents.reduce(0, +)
        let outer = shape[..<axis].reduce(1, *)
        let inner = shape[(axis + 1)...].reduce(1, *)
        // All parts in one row, and from there each block to its place.
        var starts: [Int] = []
        var start = 0
        for extent in extents {
            starts.append(start)
            start += outer * extent * inner
        }
        var offsets: [Int] = []
        offsets.reserveCapacity(start)
        for block in 0..<outer {
            for (start, extent) in zip(starts, extents) {
                let from = start + block * extent * inner
                offsets.append(contentsOf: from..<from + extent * inner)
            }
        }
        return result(joined(parts.map(\.storage)).gathered(offsets), shape: shape, of: parts) {
            gradient throws(TensorError) in
            var gradients: [Tensor?] = []
            var start = 0
            for extent in extents {
                gradients.append(try gradient.slice(start..<start + extent, axis: axis))
                start += extent
            }
            return gradients
        }
    }

    /// Tensors of one shape along a new axis: n of `[...]` to `[n, ...]` for axis 0.
    public static func stack(_ tensors: [Tensor], axis: Int = 0) throws(TensorError) -> Tensor {
        guard let first = tensors.first else { throw .empty(op: "stack") }
        let place = axis < 0 ? axis + first.rank + 1 : axis
        guard (0...first.rank).contains(place) else {
            throw .axisOutOfRange(op: "stack", axis: axis, shape: first.shape)
        }
        var shape = first.shape
        shape.insert(1, at: place)
        var rows: [Tensor] = []
        for tensor in tensors {
            guard tensor.shape == first.shape else {
                throw .shapeMismatch(op: "stack", lhs: first.shape, rhs: tensor.shape)
            }
            rows.append(try tensor.reshaped(shape))
        }
        return try cat(rows, axis: place)
    }

    /// Elements of `a` where the condition is not 0, of `b` elsewhere; all three are broadcast.
    public static func select(where condition: Tensor, _ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
        let (a, b) = try aligned("where", a, b, dtype: a.dtype.promoted(with: b.dtype))
        guard let shape = broadcastShape(condition.shape, a.shape) else {
            throw .shapeMismatch(op: "where", lhs: condition.shape, rhs: a.shape)
        }
        let (first, second) = (try a.broadcast(to: shape), try b.broadcast(to: shape))
        let flags = try condition.detached().broadcast(to: shape).doubles.map { $0 != 0 }
        let size = flags.count
        let offsets = flags.indices.map { flags[$0] ? $0 : size + $0 }
        return result(joined([first.storage, second.storage]).gathered(offsets), shape: shape, of: [first, second]) {
            gradient in
            let (values, dtype) = (gradient.doubles, gradient.dtype)
            let chosen = zip(flags, values).map { $0 ? $1 : 0 }
            let other = zip(flags, values).map { $0 ? 0 : $1 }
            return [
                Tensor(storage: Storage(dtype, chosen), shape: shape),
                Tensor(storage: Storage(dtype, other), shape: shape),
            ]
        }
    }

    /// The elements of storages of one type, one after another.
    private static func joined(_ storages: [Storage]) -> Storage {
        switch storages.first {
        case .int64: .int64(storages.flatMap(\.ints))
        case .float64: .float64(storages.flatMap(\.doubles))
        case .float32, nil: .float32(storages.flatMap(\.floats))
        }
    }
}
