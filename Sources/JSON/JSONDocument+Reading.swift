extension JSONDocument {
    /// What kind of value a node is; the text's own value is node 0.
    package func kind(_ index: Int) -> Kind { nodes[index].kind }

    /// The spelling of a value; of a string what stands between the quotes.
    package func text(_ index: Int) -> ArraySlice<UInt8> { bytes[range(nodes[index])] }

    private func range(_ node: Node) -> Range<Int> { Int(node.start)..<Int(node.end) }

    /// The string at a node; nil if it is none, or none of whole characters.
    package func string(_ index: Int) -> String? {
        let node = nodes[index]
        switch node.kind {
        case .string: return String(validating: bytes[range(node)], as: UTF8.self)
        case .escapedString:
            return JSONText.unescaped(bytes.span, range(node)).flatMap { String(validating: $0, as: UTF8.self) }
        default: return nil
        }
    }

    private func number(_ index: Int) -> JSONNumber? {
        nodes[index].kind == .number ? JSONNumber(bytes.span, at: Int(nodes[index].start)) : nil
    }

    /// The integer of 64 bits at a node, if it is one; `3.0` is one, too.
    package func integer(_ index: Int) -> Int? { number(index)?.integer(bytes) }

    /// The number at a node, if it is one.
    package func double(_ index: Int) -> Double? { number(index)?.double(bytes) }

    /// The elements of a list that holds more than numbers; the keys and values of an object, which take turns.
    package func children(_ index: Int) -> [Int] {
        var children: [Int] = []
        var child = index + 1
        let end = Int(nodes[index].next)
        while child < end {
            children.append(child)
            child = Int(nodes[child].next)
        }
        return children
    }

    /// The value of an object's key. Of equal keys the last one counts.
    package func member(_ key: String, of index: Int) -> Int? {
        var found: Int?
        var child = index + 1
        let end = Int(nodes[index].next)
        while child < end {
            if isKey(child, key) { found = child + 1 }
            child = Int(nodes[child + 1].next)
        }
        return found
    }

    private func isKey(_ child: Int, _ key: String) -> Bool {
        let node = nodes[child]
        return node.kind == .string ? bytes[range(node)].elementsEqual(key.utf8) : string(child) == key
    }
}
