import TinkerWire
import TrainingAPI

/// A request that is answered with an error status. Clients repeat what is answered with 408, 409, 429 and 5xx, some of them
/// without end, so nothing permanent is.
struct ServerError: Error, Equatable {
    /// The status code.
    let status: Int
    /// What was wrong and what to do about it.
    let message: String

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    /// What an error of any layer is to a client whose request is refused.
    init(_ error: any Error) {
        switch error {
        case let error as ServerError: self = error
        case let error as WireError:
            if case .tooLarge = error { self.init(413, error.description) } else { self.init(422, error.description) }
        case let error as TrainingError:
            let status =
                switch error {
                case .unknownModel, .checkpointNotFound: 404
                // A poll that the stopping server has given up.
                case .cancelled: 503
                default: 400
                }
            self.init(status, error.text)
        default: self.init(400, "\(error)")
        }
    }

    var response: ServerResponse {
        var response = ServerResponse.json(Wire.ErrorResponse(message), status: status)
        if status == 429 || status == 503 { response.headers["retry-after"] = "1" }
        return response
    }
}

extension TrainingError {
    /// The description and the hint.
    var text: String { hint.map { "\(description) (\($0))" } ?? description }
}

extension Wire.RequestFailure {
    /// What an error of any layer is to a client that waits for a result.
    init(_ error: any Error) {
        switch error {
        case let error as TrainingError: self.init(error: error.text, category: error.isOfUser ? .user : .server)
        case is WireError: self.init(error: "\(error)", category: .user)
        case let error as ServerError:
            self.init(error: error.message, category: error.status < 500 ? .user : .server)
        default: self.init(error: "\(error)", category: .unknown)
        }
    }
}

extension TrainingError {
    /// Whether another request would have been answered.
    fileprivate var isOfUser: Bool {
        if case .checkpointNotFound = self { return true }
        return [.usage, .data, .model].contains(kind)
    }
}
