package import JSON

/// One value of a message's JSON text, read with limits and with errors that name its place.
package struct JSONNode: Sendable {
    private let document: JSONDocument
    private let index: Int
    /// How large the message may be that this is a part of.
    package let limits: WireLimits

    /// The value that a whole text holds. Throws `notJSON` and `tooLarge`.
    package init(parsing bytes: [UInt8], limits: WireLimits) throws(WireError) {
        try limits.check(bytes.count, \.bodyBytes, "a body of \(bytes.count) bytes")
        do {
            document = try JSONDocument(bytes, mode: .lenient, depth: limits.depth)
        } catch {
            throw .notJSON(offset: error.offset, expected: error.expected)
        }
        index = 0
        self.limits = limits
    }

    private init(_ parent: JSONNode, _ index: Int) {
        document = parent.document
        limits = parent.limits
        self.index = index
    }

    private var kind: JSONDocument.Kind { document.kind(index) }

    /// Whether this is `null`.
    package var isNull: Bool { kind == .null }
    /// Whether this is an object.
    package var isObject: Bool { kind == .object }
    /// Whether this is a string.
    package var isString: Bool { kind == .string || kind == .escapedString }
    /// Whether this is a list.
    package var isList: Bool { kind == .array || kind == .numbers }

    /// The error that this is not what a message needs.
    package func mismatch(_ expected: String) -> WireError {
        let found =
            switch kind {
            case .null: "null"
            case .true, .false: "a boolean"
            case .number: "the number \(String(decoding: document.text(index).prefix(40), as: UTF8.self))"
            case .string, .escapedString: "a string"
            case .array: "a list"
            case .numbers: "a list of numbers"
            case .object: "an object"
            }
        return .unexpected(path: "", expected: expected, found: found)
    }

    /// The boolean that this is.
    package func boolean() throws(WireError) -> Bool {
        switch kind {
        case .true: return true
        case .false: return false
        default: throw mismatch("a boolean")
        }
    }

    /// The string that this is.
    package func string() throws(WireError) -> String {
        guard isString else { throw mismatch("a string") }
        guard let string = document.string(index) else { throw mismatch("a string of whole UTF-8 characters") }
        return string
    }

    /// The integer that this is; `3.0` is one, too.
    package func integer() throws(WireError) -> Int {
        guard let value = document.integer(index) else { throw mismatch("an integer of 64 bits") }
        return value
    }

    /// The number that this is.
    package func double() throws(WireError) -> Double {
        guard let value = document.double(index) else { throw mismatch("a number") }
        return value
    }

    /// The elements of the list that this is.
    package func elements<Element>(
        _ expected: String = "a list", _ read: (JSONNode) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        guard kind == .array else { throw mismatch(expected) }
        var elements: [Element] = []
        for (place, child) in document.children(index).enumerated() {
            do throws(WireError) { elements.append(try read(JSONNode(self, child))) } catch { throw error.inside("[\(place)]") }
        }
        return elements
    }

    /// The members of the object that this is, in their order. Of equal keys the last one counts.
    package func members() throws(WireError) -> [(key: String, value: JSONNode)] {
        guard isObject else { throw mismatch("an object") }
        var members: [(String, JSONNode)] = []
        let parts = document.children(index)
        for place in stride(from: 0, to: parts.count, by: 2) {
            members.append((try JSONNode(self, parts[place]).string(), JSONNode(self, parts[place + 1])))
        }
        return members
    }

    /// An object's member, unless it is missing or null. Throws `unexpected` if this is no object.
    package func member(_ key: String) throws(WireError) -> JSONNode? {
        guard isObject else { throw mismatch("an object") }
        guard let found = document.member(key, of: index), document.kind(found) != .null else { return nil }
        return JSONNode(self, found)
    }

    /// Whatever this is.
    package func value() -> JSONValue { JSONValue(document, index) }
}

extension JSONNode {
    private func list<Value>(
        _ expected: String, _ read: (Int, Int) throws(JSONListError) -> [Value]
    ) throws(WireError) -> [Value] {
        do throws(JSONListError) { return try read(index, limits.tensorElements) } catch {
            switch error {
            case .notNumbers: throw mismatch("a list of numbers")
            case .element(let place, let found):
                throw .unexpected(path: "[\(place)]", expected: expected, found: found)
            case .tooLong: throw .tooLarge(what: "a list of numbers", limit: limits.tensorElements)
            }
        }
    }

    /// The integers of the list that this is.
    package func integers() throws(WireError) -> [Int] { try list("an integer of 64 bits", document.integers) }

    /// The numbers of the list that this is; null is NaN, because that is what Python's strict writers make of NaN.
    package func floats() throws(WireError) -> [Float] { try list("a number", document.floats) }

    /// The numbers of the list that this is.
    package func doubles() throws(WireError) -> [Double] { try list("a number", document.doubles) }

    /// The numbers of the list that this is, nil for each null.
    package func optionalFloats() throws(WireError) -> [Float?] {
        try list("a number or null", document.optionalFloats)
    }
}
