import Synchronization

/// One step of a computation through which derivatives are wanted: the nodes it came from, and how the derivative of a loss by its
/// result turns into derivatives by its inputs. Nodes never change, so tensors that carry them cross threads freely.
public final class GradientNode: Sendable {
    /// From dLoss/dResult, shaped like the result, dLoss/dInput for each input, shaped like it; nil where there is none.
    typealias Backward = @Sendable (_ gradient: Tensor) throws(TensorError) -> [Tensor?]

    /// Emptied in `deinit` only, hence the lock.
    private let sources: Mutex<[GradientNode?]>
    let backward: Backward

    /// The closure must not capture tensors that carry nodes: the chain of nodes is freed link by link through `inputs` alone.
    init(inputs: [GradientNode?], backward: @escaping Backward) {
        sources = Mutex(inputs)
        self.backward = backward
    }

    var inputs: [GradientNode?] { sources.withLock { $0 } }

    /// Frees a long chain in a loop; by itself each link would free the next one on the stack, which overflows.
    deinit {
        var pending = takeInputs()
        while var node = pending.popLast() {
            if isKnownUniquelyReferenced(&node) { pending += node.takeInputs() }
        }
    }

    private func takeInputs() -> [GradientNode] {
        sources.withLock { sources in
            defer { sources = [] }
            return sources.compactMap(\.self)
        }
    }
}

extension Tensor {
    /// Whether derivatives can be taken through this tensor.
    public var requiresGradient: Bool { gradientNode != nil }

    /// The same elements as a variable that derivatives can be taken by. Throws `integerGradient` for int64.
    public func requiringGradient() throws(TensorError) -> Tensor {
        guard dtype.isFloatingPoint else { throw .integerGradient }
        return Tensor(storage: storage, shape: shape, gradientNode: GradientNode(inputs: []) { _ in [] })
    }

    /// The same elements as a constant.
    public func detached() -> Tensor { Tensor(storage: storage, shape: shape) }

    /// The result of an operation: it carries a node if one of the inputs does.
    static func result(
        _ storage: Storage, shape: [Int], of inputs: [Tensor], backward: @escaping GradientNode.Backward
    ) -> Tensor {
        guard inputs.contains(where: \.requiresGradient) else { return Tensor(storage: storage, shape: shape) }
        let node = GradientNode(inputs: inputs.map(\.gradientNode), backward: backward)
        return Tensor(storage: storage, shape: shape, gradientNode: node)
    }
}
