import JSON

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
        if omitsDefaults { member(key, orNull: value) } else { member(key, value) }
    }

    /// Nothing for a default in the sparse style.
    mutating func member<Value: JSONCodable & Equatable>(_ key: String, _ value: Value, default normal: Value) {
        if !omitsDefaults || value != normal { member(key, value) }
    }

    /// Nothing for a default in every style.
    mutating func member<Value: JSONCodable & Equatable>(_ key: String, _ value: Value, unless normal: Value) {
        if value != normal { member(key, value) }
    }

    /// The name of a request or chunk, which the sparse style leaves out.
    mutating func type(_ name: String) {
        if !omitsDefaults { member("type", name) }
    }
}
