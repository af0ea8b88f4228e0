/// A JSON text (RFC 8259), checked once and indexed. Numbers stay where they are, and a list of numbers is one node however long
/// it is, so that the token ids and logprobs of a batch are read straight into arrays: Foundation's decoder takes eight times as
/// long for them, and it refuses the NaN and Infinity that Python's writer produces.
struct JSONDocument: Sendable {
    enum Kind: UInt8, Sendable {
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
    let limits: WireLimits
    private(set) var nodes: [Node] = []
    private var position = 0

    /// Checks and indexes a text.
    init(_ bytes: [UInt8], limits: WireLimits) throws(WireError) {
        self.bytes = bytes
        self.limits = limits
        // Nodes count bytes in 32 bits.
        guard bytes.count <= min(limits.bodyBytes, Int(UInt32.max)) else {
            throw .tooLarge(what: "a body of \(bytes.count) bytes", limit: limits.bodyBytes)
        }
        try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure("the end") }
    }

    private var peeked: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func failure(_ expected: String) -> WireError { .notJSON(offset: position, expected: expected) }

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

    private mutating func value(depth: Int) throws(WireError) {
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
            guard let end = JSONNumber.end(bytes.span, at: position) else { throw failure("a value") }
            position = end
            add(.number, from: start)
        }
    }

    /// Returns where the word began.
    private mutating func word(_ word: String) throws(WireError) -> Int {
        let start = position
        guard takeWord(word) else { throw failure(word) }
        return start
    }

    private mutating func takeWord(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    /// Appends the node of a container, whose extent is known only after its children.
    private mutating func open(_ kind: Kind, depth: Int) throws(WireError) -> Int {
        guard depth < limits.depth else { throw failure("at most \(limits.depth) levels") }
        position += 1
        add(kind, from: position - 1)
        skipSpace()
        return nodes.count - 1
    }

    private mutating func close(_ index: Int) {
        nodes[index].end = UInt32(position)
        nodes[index].next = UInt32(nodes.count)
    }

    private mutating func object(_ depth: Int) throws(WireError) {
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

    private mutating func array(_ depth: Int) throws(WireError) {
        let index = try open(.array, depth: depth)
        let start = position
        if skipNumbers() {
            nodes[index].kind = .numbers
            return close(index)
        }
        position = start
        if !take("]") {
            repeat {
                try value(depth: depth + 1)
                skipSpace()
            } while take(",")
            guard take("]") else { throw failure("',' or ']'") }
        }
        close(index)
    }

    /// Goes past the rest of a list that holds numbers, and nulls between them; false if it holds anything else.
    private mutating func skipNumbers() -> Bool {
        guard let end = Self.endOfNumbers(bytes.span, from: position) else { return false }
        position = end
        return true
    }

    private static func endOfNumbers(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var position = start
        var hasNumber = false
        while true {
            if let end = JSONNumber.end(bytes, at: position) {
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

    private mutating func string() throws(WireError) {
        position += 1
        let start = position
        var kind = Kind.string
        while let byte = peeked {
            switch byte {
            case UInt8(ascii: "\""):
                add(kind, from: start)
                position += 1
                return
            case UInt8(ascii: "\\"):
                kind = .escapedString
                // What follows is checked when the string is read; here only an escaped quote matters.
                position += 2
            case 0..<0x20: throw failure("no control character")
            default: position += 1
            }
        }
        position = bytes.count
        throw failure("'\"'")
    }
}
