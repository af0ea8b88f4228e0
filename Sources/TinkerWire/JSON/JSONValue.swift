extension Wire {
    /// JSON of any form, where the protocol leaves it open: a user's metadata, telemetry, a traced loss.
    public enum JSONValue: Sendable, Equatable {
        /// Nothing.
        case null
        /// A truth value.
        case bool(Bool)
        /// A number that fits 64 bits without loss.
        case integer(Int)
        /// Any other number.
        case number(Double)
        /// A text.
        case string(String)
        /// A list.
        case array([JSONValue])
        /// Values by name.
        case object([String: JSONValue])
    }
}

extension Wire.JSONValue: JSONCodable {
    package init(json: JSONNode) throws(WireError) {
        if json.isNull {
            self = .null
        } else if json.isString {
            self = .string(try json.string())
        } else if json.isObject {
            self = .object(try [String: Wire.JSONValue](json: json))
        } else if json.isList {
            self = .array(try json.values())
        } else if let value = try? json.integer() {
            self = .integer(value)
        } else if let value = try? json.double() {
            self = .number(value)
        } else {
            self = .bool(try json.boolean())
        }
    }

    package func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.literal("null")
        case .bool(let value): value.write(to: &json)
        case .integer(let value): value.write(to: &json)
        case .number(let value): value.write(to: &json)
        case .string(let value): value.write(to: &json)
        case .array(let values): values.write(to: &json)
        case .object(let members): members.write(to: &json)
        }
    }
}
