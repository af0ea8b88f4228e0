/// Why bytes are no message, or a message has no bytes.
public enum WireError: Error, Sendable, Equatable {
    /// The text is no JSON: the place in bytes, and what should have been there.
    case notJSON(offset: Int, expected: String)
    /// The bytes are no protobuf message: the place in bytes, and what is wrong there.
    case notProtobuf(offset: Int, problem: String)
    /// A member is not there. The path is like `data[3].model_input`.
    case missing(path: String)
    /// A member is something else than the message needs; without a path the body itself is.
    case unexpected(path: String, expected: String, found: String)
    /// A compressed body cannot be unpacked.
    case damaged(String)
    /// Something is larger than the caller allows.
    case tooLarge(what: String, limit: Int)
    /// What a dialect or this program cannot express.
    case unsupported(String)
}

extension WireError {
    /// This error as seen from the outside: its path begins with a key or an index in brackets.
    func inside(_ part: String) -> WireError {
        func longer(_ path: String) -> String {
            if path.isEmpty { return part }
            return path.hasPrefix("[") ? part + path : part + "." + path
        }
        switch self {
        case .missing(let path): return .missing(path: longer(path))
        case .unexpected(let path, let expected, let found):
            return .unexpected(path: longer(path), expected: expected, found: found)
        default: return self
        }
    }
}

extension WireError: CustomStringConvertible {
    /// What is wrong and where.
    public var description: String {
        switch self {
        case .notJSON(let offset, let expected): "no JSON: expected \(expected) at byte \(offset)"
        case .notProtobuf(let offset, let problem): "no protobuf message: \(problem) at byte \(offset)"
        case .missing(let path): "'\(path)' is missing"
        case .unexpected(let path, let expected, let found):
            (path.isEmpty ? "" : "'\(path)': ") + "expected \(expected), found \(found)"
        case .damaged(let problem): "the compressed body is damaged: \(problem)"
        case .tooLarge(let what, let limit): "\(what) exceeds the limit of \(limit)"
        case .unsupported(let what): what
        }
    }
}
