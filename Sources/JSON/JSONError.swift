/// Why a text is no JSON.
public struct JSONError: Error, Sendable, Equatable {
    /// The place in bytes.
    public let offset: Int
    /// The line of the text, from 1.
    public let line: Int
    /// What should have been there.
    public let expected: String

    /// An error at a place.
    public init(offset: Int, line: Int, expected: String) {
        self.offset = offset
        self.line = line
        self.expected = expected
    }
}
