extension JSONValue {
    /// The value that a whole text stands for, read strictly. More than `depth` levels are refused.
    public init(parsing bytes: [UInt8], depth: Int = 512) throws(JSONError) {
        self.init(try JSONDocument(bytes, mode: .strict, depth: depth), 0)
    }

    /// The value at a node of a document. Of a lenient one, text that is no UTF-8 is mended.
    package init(_ document: JSONDocument, _ index: Int) {
        func text(_ index: Int) -> String { document.string(index) ?? String(decoding: document.text(index), as: UTF8.self) }
        switch document.kind(index) {
        case .null: self = .null
        case .true: self = .bool(true)
        case .false: self = .bool(false)
        case .number: self = .number(Number(text: text(index)))
        case .string, .escapedString: self = .string(text(index))
        case .array: self = .array(document.children(index).map { JSONValue(document, $0) })
        case .numbers: self = .array(document.values(index))
        case .object:
            let parts = document.children(index)
            self = .object(
                stride(from: 0, to: parts.count, by: 2).map { place in
                    Member(text(parts[place]), JSONValue(document, parts[place + 1]))
                })
        }
    }

    /// The document without white space.
    public var text: String {
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Writes the value where the writer stands.
    package func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.literal("null")
        case .bool(let value): json.literal(value ? "true" : "false")
        case .number(let number): json.literal(number.text)
        case .string(let value): json.value(value)
        case .array(let values): json.list(values) { $1.write(to: &$0) }
        case .object(let members):
            json.object { json in
                for member in members {
                    json.key(member.key)
                    member.value.write(to: &json)
                }
            }
        }
    }
}
