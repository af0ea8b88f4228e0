/// The two ways in which SDKs and servers write JSON.
public enum JSONStyle: Sendable, Equatable {
    /// Every default is there, and what is unset is left out (SDK 0.18 and later).
    case explicit
    /// Defaults and the `type` of requests are left out, and some of what is unset is null (SDK up to 0.16).
    case sparse
}

/// Writes a JSON text.
package struct JSONWriter {
    /// The text so far.
    private(set) var bytes: [UInt8] = []
    private let style: JSONStyle
    private var needsComma = false

    init(style: JSONStyle) { self.style = style }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    mutating func literal(_ text: String) {
        separate()
        bytes += text.utf8
    }

    mutating func value(_ string: String) {
        separate()
        JSONText.append(string, to: &bytes)
    }

    mutating func value(_ number: Int) {
        separate()
        JSONText.append(number, to: &bytes)
    }

    mutating func value(_ number: Float) {
        separate()
        JSONText.append(number, to: &bytes)
    }

    mutating func value(_ number: Double) {
        separate()
        JSONText.append(number, to: &bytes)
    }

    private mutating func nest(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWriter) -> Void
    ) {
        separate()
        bytes.append(UInt8(ascii: open))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }

    mutating func object(_ members: (inout JSONWriter) -> Void) { nest("{", "}", members) }

    mutating func list<Element>(_ elements: [Element], _ write: (inout JSONWriter, Element) -> Void) {
        nest("[", "]") { writer in for element in elements { write(&writer, element) } }
    }

    /// Writes a member's key; its value follows.
    mutating func key(_ key: String) {
        value(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }
}

extension JSONWriter {
    mutating func member(_ key: String, _ value: some JSONCodable) {
        self.key(key)
        value.write(to: &self)
    }

    /// Nothing for nil.
    mutating func member(_ key: String, _ value: (some JSONCodable)?) {
        if let value { member(key, value) }
    }

    /// Null for nil in every style.
    mutating func member(_ key: String, orNull value: (some JSONCodable)?) {
        if let value {
            member(key, value)
        } else {
            self.key(key)
            literal("null")
        }
    }

    /// Null for nil in the sparse style, where the SDK names these members always.
    mutating func member(_ key: String, sparseNull value: (some JSONCodable)?) {
        if style == .sparse { member(key, orNull: value) } else { member(key, value) }
    }

    /// Nothing for a default in the sparse style.
    mutating func member<Value: JSONCodable & Equatable>(_ key: String, _ value: Value, default normal: Value) {
        if style == .explicit || value != normal { member(key, value) }
    }

    /// Nothing for a default in every style.
    mutating func member<Value: JSONCodable & Equatable>(_ key: String, _ value: Value, unless normal: Value) {
        if value != normal { member(key, value) }
    }

    /// The name of a request or chunk, which the sparse style leaves out.
    mutating func type(_ name: String) {
        if style == .explicit { member("type", name) }
    }
}
