/// A text that must not be shown: whoever prints it, or what holds it, sees dots.
package struct Secret: Sendable, Equatable {
    /// The text itself, for a header alone.
    let text: String

    /// Hides a text.
    package init(_ text: String) { self.text = text }

    /// The same text with every place where the secret occurs made unreadable; services quote what they were sent.
    func redacted(from message: String) -> String {
        // A very short key would blot out ordinary words.
        text.count < 4 ? message : message.split(separator: text, omittingEmptySubsequences: false).joined(separator: "•••")
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "•••" }
    package var debugDescription: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
