internal import Foundation
package import JSON

/// A message of Jupyter's protocol.
package struct KernelMessage: Sendable, Equatable {
    /// The version of the protocol that is spoken here.
    package static let protocolVersion = "5.3"

    /// Whom it comes from or goes to; on the publishing channel its topic.
    package var identities: [[UInt8]] = []
    /// `msg_id`, `msg_type`, `session` and so on.
    package var header: JSONValue
    /// The header of what it answers.
    package var parentHeader: JSONValue = [:]
    /// What belongs to no content.
    package var metadata: JSONValue = [:]
    /// What it says.
    package var content: JSONValue = [:]
    /// Bytes behind it, which no signature covers.
    package var buffers: [[UInt8]] = []

    /// A new message.
    package init(_ type: String, content: JSONValue, session: String, parent: JSONValue = [:], identities: [[UInt8]] = []) {
        header = [
            "msg_id": .string(UUID().uuidString.lowercased()), "session": .string(session), "username": "kernel",
            "date": .string(Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))),
            "msg_type": .string(type), "version": .string(Self.protocolVersion),
        ]
        parentHeader = parent
        self.content = content
        self.identities = identities
    }

    /// A message by its parts.
    init(header: JSONValue, parentHeader: JSONValue, metadata: JSONValue, content: JSONValue) {
        (self.header, self.parentHeader, self.metadata, self.content) = (header, parentHeader, metadata, content)
    }

    /// What kind of message it is: `execute_request`.
    package var type: String { header["msg_type"]?.string ?? "" }

    /// What it is called by.
    var id: String { header["msg_id"]?.string ?? "" }

    /// A truth value of the content.
    func flag(_ key: String, default value: Bool) -> Bool {
        if case .bool(let given)? = content[key] { given } else { value }
    }

    /// A text of the content.
    func text(_ key: String) -> String { content[key]?.string ?? "" }

    /// An integer of the content.
    func integer(_ key: String) -> Int? { content[key]?.number?.integer }
}
