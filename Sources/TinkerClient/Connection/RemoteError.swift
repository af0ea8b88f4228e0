import TinkerWire
import TrainingAPI

/// What can go wrong between this program and a service, as data; the text is made in `message`. No text holds a key.
enum RemoteError: Error, Sendable, Equatable {
    case transport(TransportError)
    /// An answer that refuses; `retries` of them came before.
    case refused(status: Int, detail: String)
    /// The service has tried and failed.
    case failed(String, category: String)
    /// An answer that is none: what was expected, and what came.
    case garbage(String)
    /// The service has forgotten a request.
    case promiseLost
    /// The service has ended the session.
    case sessionOver
    /// An earlier call may or may not have taken effect, so the model's state is unknown.
    case orderLost
    /// The service's own bill stops it.
    case unpaid(String)
    /// What has come cannot be written on this machine.
    case disk(String)
    case cancelled
}

/// A remote error and where it happened.
struct RemoteFailure: Error, Sendable, Equatable {
    let error: RemoteError
    /// The verb, for instance `forward_backward`.
    let verb: String
    /// The service's host.
    let service: String
}

extension RemoteFailure {
    /// The error as clients report it.
    var trainingError: TrainingError {
        let place = "\(service): \(verb): "
        switch error {
        case .cancelled, .transport(.cancelled): return .cancelled
        case .transport(let transport): return .network(place + transport.text, hint: transport.hint)
        case .refused(let status, let detail):
            return .service(place + "\(detail) (status \(status))", hint: Self.hint(status))
        case .failed(let text, let category):
            return .service(
                place + text,
                hint: category == "user" ? nil : "the service failed at it; try once more, or ask its operators")
        case .garbage(let found):
            return .service(
                place + "the answer makes no sense: \(found)",
                hint: "is the address right? It should be the service's base URL, without /api/v1")
        case .promiseLost:
            return .service(
                place + "the service has lost the request (status 410)",
                hint: "go on from the last saved state with create_training_client_from_state_with_optimizer")
        case .sessionOver:
            return .service(
                place + "the service has ended the session (status 410)",
                hint: "make a new ServiceClient and go on from the last saved state")
        case .orderLost:
            return .service(
                place + "an earlier call got no answer, so nobody knows the model's state",
                hint: "go on from the last saved state with create_training_client_from_state_with_optimizer")
        case .disk(let reason): return .io(place + "what has come cannot be written: \(reason)")
        case .unpaid(let detail):
            return .service(place + "\(detail) (status 402)", hint: "see to the account's billing, then run it once more")
        }
    }

    private static func hint(_ status: Int) -> String? {
        switch status {
        case 401: "check the key: api_key = ..., or TINKER_API_KEY or MINT_API_KEY in the environment"
        case 403: "the key is known but may not do this"
        case 404: "is the address right, and does this version of the service have the call?"
        case 409: "take another name, or delete what has it"
        case 429, 500...: "the service is overloaded or broken; try later"
        default: nil
        }
    }
}

extension TransportError {
    fileprivate var text: String {
        switch self {
        case .noConnection(let reason): "no connection: \(reason)"
        case .notTrusted(let reason): "the connection cannot be trusted: \(reason)"
        case .badAddress(let reason): "no address: \(reason)"
        case .timeout: "no answer in time"
        case .broken(let reason): "the connection broke: \(reason)"
        case .tooLarge(let limit): "the answer is larger than \(limit >> 20) MB"
        case .cancelled: "cancelled"
        }
    }

    fileprivate var hint: String? {
        switch self {
        case .noConnection: "check the address and the network; proxies are taken from https_proxy, http_proxy and no_proxy"
        case .notTrusted:
            "name your own authority's certificates in SSL_CERT_FILE or CURL_CA_BUNDLE; checks cannot be switched off"
        case .badAddress: "an address looks like https://host/path or http://127.0.0.1:8000"
        case .timeout, .broken: "check the network and whether the service is well"
        case .tooLarge: "is the address right? No service of this protocol answers at such length"
        case .cancelled: nil
        }
    }
}
