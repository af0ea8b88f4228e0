import TinkerWire
import Tokenizers

/// What a service understands, found out from what it says of itself.
struct Dialect: Sendable, Equatable {
    /// The services whose meaning of things differs.
    enum Family: Sendable { case tinker, skyRL }

    let family: Family
    /// Whether the service belongs to SDKs 0.22 to 0.24, where only gradients were asked for in protobuf, and old servers did not
    /// know that a request can be for the loss alone.
    let hasForwardCall: Bool

    /// SkyRL's sessions are numbered by eight hexadecimal digits, all others by UUIDs.
    init(sessionID: String, config: Wire.ClientConfig) {
        let isSkyRL = sessionID.hasPrefix("session_") && sessionID.utf8.count == 16
        family = isSkyRL ? .skyRL : .tinker
        hasForwardCall = isSkyRL || config.writesProtobuf
    }

    /// Whether a model with this id is SkyRL's.
    static func isSkyRL(run: String) -> Bool { run.hasPrefix("model_") && run.utf8.count == 14 }

    /// Ids from here on are refused before they are sent. Models may have more tokens than their tokenizers name, so services are
    /// left to judge them; SkyRL however computes with others in their place.
    func knownVocabulary(of tokenizer: any Tokenizer) -> Int? {
        family == .skyRL ? tokenizer.vocabularySize : nil
    }

    /// What to send first; nil where it has to be tried.
    var bodyFormat: BodyFormat? { family == .skyRL ? .json : nil }
}
