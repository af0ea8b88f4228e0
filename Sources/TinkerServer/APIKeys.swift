/// The keys that open this server; none at all means that everybody may use it.
package struct APIKeys: Sendable {
    private let keys: [[UInt8]]

    /// Everybody.
    package static let none = APIKeys([])

    /// Some keys.
    package init(_ keys: [String]) { self.keys = keys.map { Array($0.utf8) } }

    /// The keys of a file: one a line; empty lines and those that begin with `#` are passed over.
    package init(fileText: String) {
        self.init(
            fileText.split(whereSeparator: \.isNewline).map { $0.filter { !$0.isWhitespace } }
                .filter { !$0.isEmpty && !$0.hasPrefix("#") })
    }

    /// Whether there are none.
    package var isEmpty: Bool { keys.isEmpty }

    /// Whether this is one of the keys. The time this takes depends on the length of what was sent, not on how much of it is right.
    package func accept(_ candidate: String) -> Bool {
        if keys.isEmpty { return true }
        let candidate = Array(candidate.utf8)
        var isKnown = false
        for key in keys {
            var difference = key.count ^ candidate.count
            for (index, byte) in candidate.enumerated() { difference |= Int(byte ^ key[index % max(key.count, 1)]) }
            isKnown = (difference == 0) || isKnown
        }
        return isKnown
    }
}
