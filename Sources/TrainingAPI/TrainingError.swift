/// What can go wrong in a service, as data; the text is made in `description`.
public enum TrainingError: Error, Sendable, Equatable {
    /// A wrong argument: what, and what to do about it.
    case usage(String, hint: String? = nil)
    case unknownModel(String, known: [String])
    case unknownLoss(String, known: [String])
    case missingLossInput(String, loss: String, datum: Int)
    case unknownLossInput(String, loss: String, datum: Int, known: [String])
    case shapeMismatch(name: String, expected: [Int], got: [Int], datum: Int)
    /// A number among a datum's tokens that is no token id; positions count from 0.
    case invalidToken(String, name: String, datum: Int, position: Int, vocabularySize: Int?)
    /// NaN or infinity among a datum's inputs; positions count from 0.
    case notFiniteInput(name: String, datum: Int, position: Int)
    case tokenOutOfRange(Int, vocabularySize: Int)
    case contextExceeded(length: Int, limit: Int)
    /// A datum of more tokens than a training pass has memory for.
    case memoryExceeded(tokens: Int, limit: Int, datum: Int)
    case emptyInput(String)
    case notFinite(String)
    case checkpointNotFound(String)
    case checkpointMismatch(String)
    case io(String)
    /// A service cannot be reached: what happened, and what to do about it.
    case network(String, hint: String? = nil)
    /// A service refuses or fails.
    case service(String, hint: String? = nil)
    case cancelled
}

extension TrainingError {
    /// The class of this error that Lua's `err.kind` shows.
    public enum Kind: String, Sendable { case usage, data, model, io, network, service, cancelled, `internal` }

    /// What sort of mistake this is.
    public var kind: Kind {
        switch self {
        case .usage, .unknownLoss: .usage
        case .unknownModel, .checkpointMismatch: .model
        case .checkpointNotFound, .io: .io
        case .network: .network
        case .service: .service
        case .cancelled: .cancelled
        case .missingLossInput, .unknownLossInput, .shapeMismatch, .invalidToken, .notFiniteInput, .tokenOutOfRange,
            .contextExceeded, .memoryExceeded, .emptyInput, .notFinite:
            .data
        }
    }

    /// What the user can do, if there is something to say.
    public var hint: String? {
        switch self {
        case .usage(_, let hint), .network(_, let hint), .service(_, let hint): hint
        case .unknownModel(_, let known): "known models: " + known.joined(separator: ", ")
        case .unknownLoss(_, let known): "known losses: " + known.joined(separator: ", ")
        case .unknownLossInput(_, _, _, let known): "it takes " + known.joined(separator: ", ")
        case .memoryExceeded: "shorten the datum (max_length)"
        case .contextExceeded: "shorten the prompt, or lower max_tokens or max_length"
        case .notFinite:
            "lower the learning rate or set grad_clip_norm; in a loss of your own look for 0/0 and the log of 0; "
                + "the weights before this step are unchanged"
        default: nil
        }
    }
}

extension TrainingError: CustomStringConvertible {
    /// What was wrong and where.
    public var description: String {
        switch self {
        case .usage(let message, _): message
        case .unknownModel(let name, _): "unknown model '\(name)'"
        case .unknownLoss(let name, _): "unknown loss '\(name)'"
        case .missingLossInput(let name, let loss, let datum):
            "datum \(datum + 1): loss '\(loss)' needs '\(name)' in loss_fn_inputs"
        case .unknownLossInput(let name, let loss, let datum, _):
            "datum \(datum + 1): loss '\(loss)' has no input '\(name)'"
        case .shapeMismatch(let name, let expected, let got, let datum):
            "datum \(datum + 1): '\(name)' has shape \(got), expected \(expected)"
        case .invalidToken(let value, let name, let datum, let position, let size):
            "datum \(datum + 1): '\(name)' has \(value) at position \(position + 1), which is no token id"
                + (size.map { " of the \($0) in the vocabulary" } ?? "")
        case .notFiniteInput(let name, let datum, let position):
            "datum \(datum + 1): '\(name)' is not finite (NaN or infinity) at position \(position + 1)"
        case .tokenOutOfRange(let token, let size): "token id \(token) is outside the vocabulary of \(size)"
        case .contextExceeded(let length, let limit): "\(length) tokens do not fit the context of \(limit)"
        case .memoryExceeded(let tokens, let limit, let datum):
            "datum \(datum + 1) has \(tokens) tokens; the memory budget has room for passes of \(limit)"
        case .emptyInput(let what): "\(what) is empty"
        case .notFinite(let what): "\(what) is not finite (NaN or infinity)"
        case .checkpointNotFound(let path): "no checkpoint at \(path)"
        case .checkpointMismatch(let message): message
        case .io(let message): message
        case .network(let message, _), .service(let message, _): message
        case .cancelled: "cancelled"
        }
    }
}
