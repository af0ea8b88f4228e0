import Foundation
import TinkerWire
import TrainingAPI

/// A client's session: the owner of models, samplers and results. Touched by `ServerState` alone.
final class Session {
    let id: String
    let userMetadata: [String: Wire.JSONValue]?
    let displayName: String?
    /// The last sign of life.
    var lastBeat: Date
    /// How many requests wait for a result at the moment.
    var polls = 0
    var models: [String] = []
    var samplers: [String] = []
    var requests: Set<String> = []

    init(_ request: Wire.CreateSessionRequest, now: Date) {
        id = UUID().uuidString.lowercased()
        userMetadata = request.userMetadata
        displayName = request.displayName
        lastBeat = now
    }
}

/// A model in training. Touched by `ServerState` alone.
final class TrainedModel {
    /// A call that waits for its turn.
    struct Call {
        let request: PendingRequest
        let work: @Sendable (any TrainingClient) -> Future<ResultMessage>
    }

    let id: String
    let sessionID: String
    let creation: (fingerprint: Fingerprint, request: PendingRequest)
    let userMetadata: [String: Wire.JSONValue]?
    /// Nil until the model has been created.
    var client: (any TrainingClient)?
    var queue = CallQueue<Call>()
    /// Every call with a number that has arrived, so that one which is sent again is recognised.
    var known: [Int: (fingerprint: Fingerprint, requestID: String)] = [:]
    /// How many calls without a number there were.
    var unnumbered = 0
    /// Since when calls wait for one that has not arrived.
    var stalledSince: Date?
    var lastRequest: Date

    init(
        id: String, sessionID: String, creation: (fingerprint: Fingerprint, request: PendingRequest),
        userMetadata: [String: Wire.JSONValue]?, now: Date
    ) {
        self.id = id
        self.sessionID = sessionID
        self.creation = creation
        self.userMetadata = userMetadata
        lastRequest = now
    }
}

/// Weights that are sampled. Touched by `ServerState` alone.
final class Sampler {
    let id: String
    let sessionID: String
    let client: any SamplingClient
    let modelPath: String?
    var known: [Int: (fingerprint: Fingerprint, requestID: String)] = [:]
    var unnumbered = 0
    /// What has ended, by the number of the copy of the client that has sent it.
    var logs: [Int: SampleLog] = [:]
    /// How many copies of the client have asked for a number.
    var clones = 0

    init(id: String, sessionID: String, client: any SamplingClient, modelPath: String?) {
        self.id = id
        self.sessionID = sessionID
        self.client = client
        self.modelPath = modelPath
    }
}
