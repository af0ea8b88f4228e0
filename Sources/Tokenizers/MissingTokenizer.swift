/// Stands in for a tokenizer that could not be found, for those who work with token ids alone. Everybody else asks `problem` first:
/// texts have no tokens here, and tokens no texts.
public struct MissingTokenizer: Tokenizer {
    /// What was looked for, and what to do.
    public let problem: String

    /// No tokenizer, and why.
    public init(problem: String) { self.problem = problem }

    /// Any id may be right.
    public var vocabularySize: Int { .max }
    /// None.
    public var bosToken: Int? { nil }
    /// None.
    public var eosToken: Int? { nil }
    /// None.
    public var specialTokens: [String: Int] { [:] }

    /// Nothing.
    public func encode(_ text: String, parseSpecial: Bool) -> [Int] { [] }
    /// Nothing.
    public func decodeBytes(_ ids: [Int]) -> [UInt8] { [] }
}
