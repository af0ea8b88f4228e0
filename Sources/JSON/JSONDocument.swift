/// What a reader of JSON takes.
package enum JSONMode: Sendable {
    /// RFC 8259 to the letter: what a file holds.
    case strict
    /// Also NaN and infinities, which Python writes as words; and strings are checked only when they are read, because most of
    /// a message's are not. What comes over a wire.
    case lenient
}

/// A JSON text (RFC 8259), checked once and indexed. Numbers stay where they are, and a list of numbers is one node however long
/// it is, so that the token ids and logprobs of a batch are read straight into arrays: Foundation's decoder takes eight times as
/// long for them, and it refuses the NaN and Infinity that Python's writer produces.
package struct JSONDocument: Sendable {
    /// What kind of value a node is.
    package enum Kind: UInt8, Sendable {
        case null, `true`, `false`, number, string, escapedString, array, numbers, object
    }

    /// A value, or a key of an object. The children of a list or object follow it.
    struct Node: Sendable {
        /// The bytes of the value; of a string those between the quotes.
        let start: UInt32
        var end: UInt32
        /// The index of the first node that is not inside of this one.
        var next: UInt32
        var kind: Kind
    }

    let bytes: [UInt8]
    private(set) var nodes: [Node] = []
    private let mode: JSONMode
    private let deepest: Int
    private var position = 0

    /// Checks and indexes a text. More than `depth` lists and objects inside of each other are refused, since each level takes
    /// some of the stack.
    package init(_ bytes: [UInt8], mode: JSONMode, depth: Int) throws(JSONError) {
        self.bytes = bytes
        self.mode = mode
        deepest = depth
        // Nodes count bytes in 32 bits.
        guard bytes.count <= Int(UInt32.max) else { throw failure("at most 4 GB") }
        try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure("the end") }
    }

    private var peeked: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func failure(_ expected: String) -> JSONError { failure(expected, at: position) }

    private func failure(_ expected: String, at offset: Int) -> JSONError {
        let line = 1 + bytes[..<offset].count { $0 == UInt8(ascii: "\n") }
        return JSONError(offset: offset, line: line, expected: expected)
    }

    private mutating func skipSpace() { position = Self.endOfSpace(bytes.span, position) }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peeked == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func add(_ kind: Kind, from start: Int) {
        nodes.append(
            Node(start: UInt32(start), end: UInt32(position), next: UInt32(nodes.count + 1), kind: kind))
    }

    private mutating func value(depth: Int) throws(JSONError) {
        skipSpace()
        let start = position
        switch peeked {
        case UInt8(ascii: "{"): try object(depth)
        case UInt8(ascii: "["): try array(depth)
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "t"): add(.true, from: try word("true"))
        case UInt8(ascii: "f"): add(.false, from: try word("false"))
        case UInt8(ascii: "n"): add(.null, from: try word("null"))
        default:
            guard let end = JSONNumber.end(bytes.span, at: position, mode) else { throw failure("a value") }
            position = end
            add(.number, from: start)
        }
    }

    /// Returns where the word began.
    private mutating func word(_ word: String) throws(JSONError) -> Int {
        let start = position
        guard bytes[position...].starts(with: word.utf8) else { throw failure(word) }
        position += word.utf8.count
        return start
    }

    /// Appends the node of a container, whose extent is known only after its children.
    private mutating func open(_ kind: Kind, depth: Int) throws(JSONError) -> Int {
        guard depth < deepest else { throw failure("at most \(deepest) levels") }
        position += 1
        add(kind, from: position - 1)
        skipSpace()
        return nodes.count - 1
    }

    private mutating func close(_ index: Int) {
        nodes[index].end = UInt32(position)
        nodes[index].next = UInt32(nodes.count)
    }

    private mutating func object(_ depth: Int) throws(JSONError) {
        let index = try open(.object, depth: depth)
        if !take("}") {
            repeat {
                skipSpace()
                guard peeked == UInt8(ascii: "\"") else { throw failure("a key") }
                try string()
                skipSpace()
                guard take(":") else { throw failure("':'") }
                try value(depth: depth + 1)
                skipSpace()
            } while take(",")
            guard take("}") else { throw failure("',' or '}'") }
        }
        close(index)
    }

    private mutating func array(_ depth: Int) throws(JSONError) {
        let index = try open(.array, depth: depth)
        if let end = Self.endOfNumbers(bytes.span, from: position, mode) {
            position = end
            nodes[index].kind = .numbers
            return close(index)
        }
        if !take("]") {
            repeat {
                try value(depth: depth + 1)
                skipSpace()
            } while take(",")
            guard take("]") else { throw failure("',' or ']'") }
        }
        close(index)
    }

    /// The end of a list that holds numbers, and nulls between them; nil if it holds anything else.
    private static func endOfNumbers(_ bytes: Span<UInt8>, from start: Int, _ mode: JSONMode) -> Int? {
        var position = start
        var hasNumber = false
        while true {
            if let end = JSONNumber.end(bytes, at: position, mode) {
                position = end
                hasNumber = true
            } else if zip("null".utf8, position...).allSatisfy({ $1 < bytes.count && bytes[$1] == $0 }) {
                position += 4
            } else {
                return nil
            }
            position = endOfSpace(bytes, position)
            guard position < bytes.count else { return nil }
            switch bytes[position] {
            case UInt8(ascii: ","): position = endOfSpace(bytes, position + 1)
            case UInt8(ascii: "]"): return hasNumber ? position + 1 : nil
            default: return nil
            }
        }
    }

    private static func endOfSpace(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var position = start
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0a, 0x0d: position += 1
            default: return position
            }
        }
        return position
    }

    private mutating func string() throws(JSONError) {
        let start = position + 1
        let end = Self.endOfString(bytes.span, from: start)
        position = min(end.position, bytes.count)
        guard let byte = peeked else { throw failure("'\"'") }
        guard byte == UInt8(ascii: "\"") else { throw failure("no control character") }
        if mode == .strict {
            if end.isEscaped, let problem = JSONText.problem(bytes.span, start..<position) {
                throw failure(problem.expected, at: problem.offset)
            }
            if !end.isASCII, String(validating: bytes[start..<position], as: UTF8.self) == nil {
                throw failure("UTF-8", at: start - 1)
            }
        }
        add(end.isEscaped ? .escapedString : .string, from: start)
        position += 1
    }

    /// The place of a string's last quote, or of what no string may hold.
    private static func endOfString(
        _ bytes: Span<UInt8>, from start: Int
    ) -> (position: Int, isEscaped: Bool, isASCII: Bool) {
        var position = start
        var isEscaped = false
        var seen: UInt8 = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") || byte < 0x20 { break }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                // What follows is checked elsewhere; here only an escaped quote matters.
                position += 1
            }
            seen |= byte
            position += 1
        }
        return (position, isEscaped, seen < 0x80)
    }
}
