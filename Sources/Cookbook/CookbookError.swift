public import TrainingAPI

/// What can go wrong above the waist, as data; the text is made in `description`.
public enum CookbookError: Error, Sendable, Equatable {
    /// A wrong argument: what, and what to do about it.
    case usage(String, hint: String? = nil)
    /// An option that `of` (a function or a type) does not have.
    case unknownOption(String, of: String, known: [String])
    /// A name that is not among those known, for instance of a renderer: `what` says of what.
    case unknownName(String, what: String, known: [String])
    /// Bad data: what was found, and where if it came from a file (lines count from 1).
    case data(String, file: String? = nil, line: Int? = nil, hint: String? = nil)
    /// A data set, or one split of it, without rows.
    case emptyDataset(String, hint: String? = nil)
    case batchLargerThanData(batchSize: Int, rows: Int, what: String)
    /// Messages that a renderer cannot write, or labels that it cannot tell apart.
    case rendering(String, renderer: String, hint: String? = nil)
    /// A file that is in none of the places where it was looked for.
    case missingFile(String, searched: [String], hint: String? = nil)
    /// A model or checkpoint that does not fit the request.
    case model(String, hint: String? = nil)
    case io(String, hint: String? = nil)
    case cancelled
}

extension CookbookError {
    /// The class of this error that Lua's `err.kind` shows.
    public var kind: TrainingError.Kind {
        switch self {
        case .usage, .unknownOption, .unknownName, .batchLargerThanData: .usage
        case .data, .emptyDataset, .rendering: .data
        case .model: .model
        case .missingFile, .io: .io
        case .cancelled: .cancelled
        }
    }

    /// What the user can do, if there is something to say.
    public var hint: String? {
        switch self {
        case .usage(_, let hint), .data(_, _, _, let hint), .emptyDataset(_, let hint), .rendering(_, _, let hint),
            .missingFile(_, _, let hint), .model(_, let hint), .io(_, let hint):
            hint
        case .unknownOption(let name, _, let known), .unknownName(let name, _, let known):
            NearMatches.hint(name, among: known, what: "known")
        case .batchLargerThanData(_, let rows, _): "lower batch_size to \(rows) or less, or add rows"
        case .cancelled: nil
        }
    }
}

extension CookbookError: CustomStringConvertible {
    /// What was wrong and where.
    public var description: String {
        switch self {
        case .usage(let message, _), .emptyDataset(let message, _), .model(let message, _), .io(let message, _): message
        case .unknownOption(let name, let owner, _): "\(owner) has no option '\(name)'"
        case .unknownName(let name, let what, _): "unknown \(what) '\(name)'"
        case .data(let message, let file, let line, _):
            switch (file, line) {
            case (let file?, let line?): "\(file), line \(line): \(message)"
            case (let file?, nil): "\(file): \(message)"
            case (nil, let line?): "row \(line): \(message)"
            case (nil, nil): message
            }
        case .batchLargerThanData(let batchSize, let rows, let what):
            "batch_size is \(batchSize), but \(what) has only \(rows) rows"
        case .rendering(let message, let renderer, _): "renderer '\(renderer)': \(message)"
        case .missingFile(let what, let searched, _):
            searched.isEmpty
                ? "\(what) not found" : "\(what) not found; looked for " + searched.joined(separator: ", ")
        case .cancelled: "cancelled"
        }
    }
}
