package import JSON

/// What is read from and written as a JSON value.
package protocol JSONCodable: Sendable {
    init(json: JSONNode) throws(WireError)
    /// Reads a list of such values; for numbers there is a faster way than one by one.
    static func list(_ json: JSONNode) throws(WireError) -> [Self]
    func write(to json: inout JSONWriter)
}

extension JSONCodable {
    package static func list(_ json: JSONNode) throws(WireError) -> [Self] {
        try json.elements { node throws(WireError) in try Self(json: node) }
    }
}

/// A message or a part of one: what is read from and written as a JSON object.
package protocol JSONMessage: JSONCodable, Equatable {
    /// Writes the members of the object.
    func writeMembers(to json: inout JSONWriter)
}

extension JSONMessage {
    package func write(to json: inout JSONWriter) { json.object { writeMembers(to: &$0) } }

    /// The message that a body holds.
    package init(jsonBody bytes: [UInt8], limits: WireLimits = WireLimits()) throws(WireError) {
        try self.init(json: JSONNode(parsing: bytes, limits: limits))
    }

    /// The body of this message.
    package func jsonBody(_ style: JSONStyle = .explicit) -> [UInt8] {
        var writer = JSONWriter(style: style)
        write(to: &writer)
        return writer.bytes
    }
}

extension JSONNode {
    /// A member that has to be there.
    package func value<Value: JSONCodable>(_ key: String) throws(WireError) -> Value {
        guard let value: Value = try optional(key) else { throw .missing(path: key) }
        return value
    }

    /// A member, or a default if it is missing or null.
    package func value<Value: JSONCodable>(_ key: String, default normal: Value) throws(WireError) -> Value {
        try optional(key) ?? normal
    }

    /// A member, unless it is missing or null.
    package func optional<Value: JSONCodable>(_ key: String) throws(WireError) -> Value? {
        try optional(key) { node throws(WireError) in try Value(json: node) }
    }

    /// A member, read in a way of its own, unless it is missing or null.
    package func optional<Value>(
        _ key: String, _ read: (JSONNode) throws(WireError) -> Value
    ) throws(WireError) -> Value? {
        guard let member = try member(key) else { return nil }
        do throws(WireError) { return try read(member) } catch { throw error.inside(key) }
    }
}

extension String: JSONCodable {
    package init(json: JSONNode) throws(WireError) { self = try json.string() }
    package func write(to json: inout JSONWriter) { json.value(self) }
}

extension Bool: JSONCodable {
    package init(json: JSONNode) throws(WireError) { self = try json.boolean() }
    package func write(to json: inout JSONWriter) { json.literal(self ? "true" : "false") }
}

extension Int: JSONCodable {
    package init(json: JSONNode) throws(WireError) { self = try json.integer() }
    package static func list(_ json: JSONNode) throws(WireError) -> [Int] { try json.integers() }
    package func write(to json: inout JSONWriter) { json.value(self) }
}

extension Double: JSONCodable {
    package init(json: JSONNode) throws(WireError) { self = try json.double() }
    package static func list(_ json: JSONNode) throws(WireError) -> [Double] { try json.doubles() }
    package func write(to json: inout JSONWriter) { json.value(self) }
}

extension Array: JSONCodable where Element: JSONCodable {
    package init(json: JSONNode) throws(WireError) { self = try Element.list(json) }
    package func write(to json: inout JSONWriter) { json.list(self) { $1.write(to: &$0) } }
}

extension Dictionary: JSONCodable where Key == String, Value: JSONCodable {
    package init(json: JSONNode) throws(WireError) {
        self.init()
        for (key, node) in try json.members() {
            do throws(WireError) { self[key] = try Value(json: node) } catch { throw error.inside(key) }
        }
    }

    /// Keys are sorted, so that equal messages have equal bytes.
    package func write(to json: inout JSONWriter) {
        json.object { json in for (key, value) in sorted(by: { $0.key < $1.key }) { json.member(key, value) } }
    }
}

extension JSONValue: JSONCodable {
    package init(json: JSONNode) throws(WireError) { self = json.value() }
}
