/// The derivatives of a loss of one element by each input, shaped like it; zeros for an input that the loss does not depend on.
/// Throws `notScalar`, or `gradientNotRequired` for an input that is a constant.
public func gradients(of loss: Tensor, by inputs: [Tensor]) throws(TensorError) -> [Tensor] {
    guard loss.count == 1 else { throw .notScalar(op: "gradients", shape: loss.shape) }
    var inputNodes: [GradientNode] = []
    for (index, input) in inputs.enumerated() {
        guard let node = input.gradientNode else { throw .gradientNotRequired(input: index) }
        inputNodes.append(node)
    }
    var found: [ObjectIdentifier: Tensor] = [:]
    if let root = loss.gradientNode {
        let wanted = Set(inputNodes.map { ObjectIdentifier($0) })
        var pending = [
            ObjectIdentifier(root): Tensor(storage: Tensor.Storage(loss.dtype, [1]), shape: loss.shape)
        ]
        for node in nodesFromLast(root) {
            let id = ObjectIdentifier(node)
            guard let gradient = pending.removeValue(forKey: id) else { continue }
            if wanted.contains(id) { found[id] = gradient }
            for (input, part) in zip(node.inputs, try node.backward(gradient)) {
                guard let input, let part else { continue }
                let inputID = ObjectIdentifier(input)
                pending[inputID] = try pending[inputID].map { sum throws(TensorError) in try sum + part } ?? part
            }
        }
    }
    return zip(inputs, inputNodes).map { input, node in
        found[ObjectIdentifier(node)]
            ?? Tensor(storage: Tensor.Storage(input.dtype, Array(repeating: 0, count: input.count)), shape: input.shape)
    }
}

/// All nodes that one depends on, itself first, each before its inputs. A loop with a stack of its own: losses that add token by
/// token make graphs too deep to recurse into.
private func nodesFromLast(_ root: GradientNode) -> [GradientNode] {
    var order: [GradientNode] = []
    var seen: Set = [ObjectIdentifier(root)]
    var stack = [(node: root, inputs: root.inputs[...])]
    while let top = stack.last {
        guard let input = top.inputs.first else {
            order.append(top.node)
            stack.removeLast()
            continue
        }
        stack[stack.count - 1].inputs.removeFirst()
        if let input, seen.insert(ObjectIdentifier(input)).inserted {
            stack.append((input, input.inputs[...]))
        }
    }
    return order.reversed()
}
