internal import JSON
internal import Synchronization

/// Why received frames are no message.
package enum WireError: Error, Equatable {
    case noDelimiter
    case tooFewFrames
    case wrongSignature
    case replayed
    case notJSON(part: String)
}

/// Messages to frames and back: identities, `<IDS|MSG>`, signature, header, parent header, metadata, content, buffers. One codec
/// serves all channels, so that a message cannot be replayed on another one.
package final class MessageCodec: Sendable {
    static let delimiter = Array("<IDS|MSG>".utf8)
    /// The most levels of a message's JSON.
    private static let depth = 128

    private let signature: MessageSignature
    private let seen = Mutex(SeenSignatures())

    /// A codec that signs with a key; empty, and nothing is signed.
    package init(key: [UInt8]) { signature = MessageSignature(key: key) }

    /// The frames of a message.
    package func frames(_ message: KernelMessage) -> [[UInt8]] {
        let parts = [message.header, message.parentHeader, message.metadata, message.content].map { Array($0.text.utf8) }
        return message.identities + [Self.delimiter, signature.sign(parts)] + parts + message.buffers
    }

    /// The message in some frames. Its signature is verified over the bytes as they came, before they are read.
    package func message(_ frames: [[UInt8]]) throws(WireError) -> KernelMessage {
        guard let delimiter = frames.firstIndex(of: Self.delimiter) else { throw .noDelimiter }
        guard frames.count >= delimiter + 6 else { throw .tooFewFrames }
        let parts = frames[(delimiter + 2)..<(delimiter + 6)]
        if signature.isSigning {
            guard signature.verify(frames[delimiter + 1], parts) else { throw .wrongSignature }
            guard seen.withLock({ $0.insert(frames[delimiter + 1]) }) else { throw .replayed }
        }
        var values: [JSONValue] = []
        for (part, name) in zip(parts, ["header", "parent header", "metadata", "content"]) {
            guard let document = try? JSONDocument(part, mode: .lenient, depth: Self.depth) else { throw .notJSON(part: name) }
            values.append(JSONValue(document, 0))
        }
        var message = KernelMessage(header: values[0], parentHeader: values[1], metadata: values[2], content: values[3])
        message.identities = Array(frames[..<delimiter])
        message.buffers = Array(frames[(delimiter + 6)...])
        return message
    }
}

/// The signatures of the latest messages.
private struct SeenSignatures {
    /// As many as Jupyter's own library remembers.
    private static let limit = 65_536

    private var set: Set<[UInt8]> = []
    private var order: [[UInt8]] = []

    /// False if it is there already.
    mutating func insert(_ signature: [UInt8]) -> Bool {
        guard set.insert(signature).inserted else { return false }
        order.append(signature)
        if order.count > Self.limit {
            for old in order.prefix(Self.limit / 10) { set.remove(old) }
            order.removeFirst(Self.limit / 10)
        }
        return true
    }
}
