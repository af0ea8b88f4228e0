/// What is wrong with a file of a model, as data; the text is made in `description`.
public enum ModelFileError: Error, Sendable, Equatable {
    /// The system refused to open, read, write or rename.
    case io(file: String, operation: String, reason: String)
    /// A part of the file is not what the format or the model demands.
    case malformed(file: String, part: String, expected: String, found: String)
    /// The file is sound, but holds something this program does not read.
    case unsupported(file: String, part: String, expected: String, found: String)
    /// Something that must be in the file is not.
    case missing(file: String, part: String)
    /// No model has this name; `near` are names that resemble it.
    case unknownModel(String, near: [String], known: [String], searched: String)
    /// The model is known, but its file has not been fetched.
    case notFetched(String, path: String)
}

extension ModelFileError: CustomStringConvertible {
    /// What is wrong, where, and what to do about it.
    public var description: String {
        switch self {
        case .io(let file, let operation, let reason): "cannot \(operation) \(file): \(reason)"
        case .malformed(let file, let part, let expected, let found):
            "\(file) is damaged or not a model file: \(part) should be \(expected), found \(found)"
        case .unsupported(let file, let part, let expected, let found):
            "\(file) cannot be used: \(part) is \(found); supported: \(expected)"
        case .missing(let file, let part): "\(file) has no \(part)"
        case .unknownModel(let name, let near, let known, let searched):
            "unknown model '\(name)'"
                + (near.isEmpty ? "" : "; did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?")
                + " (known: \(known.joined(separator: ", ")); looked in \(searched); a path to a .gguf file works too)"
        case .notFetched(let name, let path): "model '\(name)' is not at \(path); run scripts/fetch-model to fetch it"
        }
    }
}
