/// How a body is written.
public enum BodyFormat: String, Sendable, CaseIterable {
    case json = "application/json"
    case protobuf = "application/x-protobuf"

    /// The format that a `Content-Type` names; nil for any other.
    public init?(contentType: String) {
        let name = contentType.prefix { $0 != ";" }.trimmingSpaces.lowercased()
        self.init(rawValue: name == "application/protobuf" ? Self.protobuf.rawValue : name)
    }

    /// Whether an `Accept` header asks for protobuf, which servers then prefer.
    public static func acceptsProtobuf(_ accept: String) -> Bool {
        accept.split(separator: ",").contains { BodyFormat(contentType: String($0)) == .protobuf }
    }
}

extension StringProtocol {
    /// The text without blanks at its ends.
    var trimmingSpaces: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(String(drop(while: isBlank).reversed().drop(while: isBlank)).reversed())
    }
}
