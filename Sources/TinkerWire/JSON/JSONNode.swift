/// One value of a JSON text.
package struct JSONNode: Sendable {
    private let document: JSONDocument
    private let index: Int

    /// The value that a whole text holds. Throws `notJSON` and `tooLarge`.
    package init(parsing bytes: [UInt8], limits: WireLimits) throws(WireError) {
        self.init(try JSONDocument(bytes, limits: limits), 0)
    }

    private init(_ document: JSONDocument, _ index: Int) {
        self.document = document
        self.index = index
    }

    private var node: JSONDocument.Node { document.nodes[index] }
    private var text: ArraySlice<UInt8> { document.bytes[Int(node.start)..<Int(node.end)] }

    /// How large the message may be that this is a part of.
    package var limits: WireLimits { document.limits }

    /// Whether this is `null`.
    package var isNull: Bool { node.kind == .null }
    /// Whether this is an object.
    package var isObject: Bool { node.kind == .object }
    /// Whether this is a string.
    package var isString: Bool { node.kind == .string || node.kind == .escapedString }
    /// Whether this is a list.
    package var isList: Bool { node.kind == .array || node.kind == .numbers }

    /// The error that this is not what a message needs.
    package func mismatch(_ expected: String) -> WireError {
        let found =
            switch node.kind {
            case .null: "null"
            case .true, .false: "a boolean"
            case .number: "the number \(String(decoding: text.prefix(40), as: UTF8.self))"
            case .string, .escapedString: "a string"
            case .array: "a list"
            case .numbers: "a list of numbers"
            case .object: "an object"
            }
        return .unexpected(path: "", expected: expected, found: found)
    }

    /// The boolean that this is.
    package func boolean() throws(WireError) -> Bool {
        switch node.kind {
        case .true: return true
        case .false: return false
        default: throw mismatch("a boolean")
        }
    }

    /// The string that this is.
    package func string() throws(WireError) -> String {
        guard isString else { throw mismatch("a string") }
        let unescaped = node.kind == .string ? Array(text) : JSONText.unescaped(text)
        guard let unescaped, let string = String(validating: unescaped, as: UTF8.self) else {
            throw mismatch("a string of whole UTF-8 characters")
        }
        return string
    }

    private func number(_ expected: String) throws(WireError) -> JSONNumber {
        guard node.kind == .number, let number = JSONNumber(document.bytes.span, at: Int(node.start)) else {
            throw mismatch(expected)
        }
        return number
    }

    /// The integer that this is; `3.0` is one, too.
    package func integer() throws(WireError) -> Int {
        let expected = "an integer of 64 bits"
        guard let value = try number(expected).integer(document.bytes) else { throw mismatch(expected) }
        return value
    }

    /// The number that this is.
    package func double() throws(WireError) -> Double { try number("a number").double(document.bytes) }

    /// The elements of a list that holds more than numbers.
    private var children: [JSONNode] {
        var children: [JSONNode] = []
        var child = index + 1
        while child < Int(node.next) {
            children.append(JSONNode(document, child))
            child = Int(document.nodes[child].next)
        }
        return children
    }

    /// The elements of the list that this is.
    package func elements<Element>(
        _ expected: String = "a list", _ read: (JSONNode) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        guard node.kind == .array else { throw mismatch(expected) }
        var elements: [Element] = []
        for (place, child) in children.enumerated() {
            do throws(WireError) { elements.append(try read(child)) } catch { throw error.inside("[\(place)]") }
        }
        return elements
    }

    /// The members of the object that this is, in their order. Of equal keys the last one counts.
    package func members() throws(WireError) -> [(key: String, value: JSONNode)] {
        guard isObject else { throw mismatch("an object") }
        var members: [(String, JSONNode)] = []
        let parts = children
        for place in stride(from: 0, to: parts.count, by: 2) {
            members.append((try parts[place].string(), parts[place + 1]))
        }
        return members
    }

    /// An object's member, unless it is missing or null. Throws `unexpected` if this is no object.
    package func member(_ key: String) throws(WireError) -> JSONNode? {
        guard isObject else { throw mismatch("an object") }
        var found: Int?
        var child = index + 1
        while child < Int(node.next) {
            if isKey(child, key) { found = child + 1 }
            child = Int(document.nodes[child + 1].next)
        }
        guard let found, document.nodes[found].kind != .null else { return nil }
        return JSONNode(document, found)
    }

    private func isKey(_ child: Int, _ key: String) -> Bool {
        let node = document.nodes[child]
        if node.kind == .string { return document.bytes[Int(node.start)..<Int(node.end)].elementsEqual(key.utf8) }
        return (try? JSONNode(document, child).string()) == key
    }
}

extension JSONNode {
    /// The numbers of the list that this is; `read` also gets nulls, as nil.
    private func numbers<Value>(
        _ expected: String, _ read: (JSONNumber?) -> Value?
    ) throws(WireError) -> [Value] {
        let limit = limits.tensorElements
        var values: [Value] = []
        switch node.kind {
        case .numbers:
            let bytes = document.bytes.span
            var position = Int(node.start) + 1
            let end = Int(node.end) - 1
            while position < end {
                let start = position
                let value: Value?
                switch bytes[position] {
                case 0x20, 0x09, 0x0a, 0x0d, UInt8(ascii: ","):
                    position += 1
                    continue
                case UInt8(ascii: "n"):
                    position += 4
                    value = read(nil)
                default:
                    guard let number = JSONNumber(bytes, at: position) else { throw mismatch(expected) }
                    position = number.end
                    value = read(number)
                }
                guard let value else {
                    let text = document.bytes[start..<min(position, start + 40)]
                    throw .unexpected(
                        path: "[\(values.count)]", expected: expected, found: String(decoding: text, as: UTF8.self))
                }
                guard values.count < limit else { throw .tooLarge(what: "a list of numbers", limit: limit) }
                values.append(value)
            }
        case .array:
            // Empty, or nulls alone, or something that is no list of numbers.
            for (place, child) in children.enumerated() {
                guard child.isNull else { throw mismatch("a list of numbers") }
                guard let value = read(nil) else {
                    throw .unexpected(path: "[\(place)]", expected: expected, found: "null")
                }
                values.append(value)
            }
        default: throw mismatch("a list of numbers")
        }
        return values
    }

    /// The integers of the list that this is.
    package func integers() throws(WireError) -> [Int] {
        let bytes = document.bytes
        return try numbers("an integer of 64 bits") { $0?.integer(bytes) }
    }

    /// The numbers of the list that this is; null is NaN, because that is what Python's strict writers make of NaN.
    package func floats() throws(WireError) -> [Float] {
        let bytes = document.bytes
        return try numbers("a number") { $0?.float(bytes) ?? .nan }
    }

    /// The numbers of the list that this is.
    package func doubles() throws(WireError) -> [Double] {
        let bytes = document.bytes
        return try numbers("a number") { $0?.double(bytes) ?? .nan }
    }

    /// The numbers of the list that this is, nil for each null.
    package func optionalFloats() throws(WireError) -> [Float?] {
        let bytes = document.bytes
        return try numbers("a number or null") { .some($0?.float(bytes)) }
    }

    /// The elements of the list that this is, whatever they are.
    func values() throws(WireError) -> [Wire.JSONValue] {
        guard node.kind == .numbers else {
            return try elements { node throws(WireError) in try Wire.JSONValue(json: node) }
        }
        let bytes = document.bytes
        return try numbers("a number") { number in
            guard let number else { return .null }
            return number.integer(bytes).map { .integer($0) } ?? .number(number.double(bytes))
        }
    }
}
