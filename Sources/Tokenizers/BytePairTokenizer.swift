import Foundation

/// Byte-level byte-pair encoding as GPT-2 introduced it (Radford et al., 2019), with the pre-tokenizers of its successors.
///
/// Text is cut into pieces, each piece's bytes become the vocabulary's byte tokens, and neighbours merge, lowest rank first.
/// Bytes without a token of their own are left out before anything merges, as in the library that models are trained with.
public struct BytePairTokenizer: Tokenizer {
    /// What an entry of the vocabulary is for.
    public enum TokenKind: Sendable, Equatable {
        /// Text, written in the byte alphabet.
        case normal
        /// A marker such as `<|im_end|>`; found in text only where special tokens are parsed.
        case control
        /// A literal string that is one token wherever it occurs.
        case userDefined
    }

    /// The token put before every text, if the model asks for one.
    public let bosToken: Int?
    /// The token that ends a text, if there is one.
    public let eosToken: Int?
    /// The ids of the control tokens by their literal text.
    public let specialTokens: [String: Int]
    /// The pattern that cuts text into pieces.
    public let preTokenizer: PreTokenizer

    private let tokenBytes: [[UInt8]]
    private let byteTokens: [Int32]
    private let wholePieces: [[UInt8]: Int32]
    private let merges: MergeTable
    private let patterns: [Pattern]
    private let allLiterals: LiteralSplitter
    private let userLiterals: LiteralSplitter
    private let normalizesText: Bool
    private let cache = PieceCache()

    /// The number of tokens.
    public var vocabularySize: Int { tokenBytes.count }

    /// A tokenizer from a vocabulary in the byte alphabet and its merges ("left right", best first). With `normalizesText`, texts are
    /// composed first (Unicode's form C), as Qwen's are.
    public init(
        tokens: [String], kinds: [TokenKind], merges mergeLines: [String], preTokenizer: PreTokenizer,
        bosToken: Int? = nil, eosToken: Int? = nil, normalizesText: Bool = false
    ) throws(TokenizerError) {
        guard tokens.count == kinds.count else { throw .kindCount(tokens: tokens.count, kinds: kinds.count) }
        for (name, id) in [("bos", bosToken), ("eos", eosToken)] {
            if let id, !tokens.indices.contains(id) {
                throw .idOutOfRange(name: name, id: id, vocabularySize: tokens.count)
            }
        }
        self.bosToken = bosToken
        self.eosToken = eosToken
        self.preTokenizer = preTokenizer
        self.normalizesText = normalizesText

        let bytes = zip(tokens, kinds).map { token, kind in
            kind == .normal ? ByteAlphabet.bytes(of: token.unicodeScalars) : Array(token.utf8)
        }
        var ids: [[UInt8]: Int32] = [:]
        ids.reserveCapacity(tokens.count)
        for (id, kind) in kinds.enumerated() where kind == .normal { ids[bytes[id]] = Int32(truncatingIfNeeded: id) }
        tokenBytes = bytes
        byteTokens = (0...UInt8.max).map { ids[[$0]] ?? -1 }
        wholePieces = preTokenizer.ignoresMerges ? ids : [:]
        merges = try Self.mergeTable(mergeLines, ids: ids)
        patterns = try preTokenizer.patterns.map { source throws(TokenizerError) in try Pattern(source) }

        let control = kinds.indices.filter { kinds[$0] == .control }
        let user = kinds.indices.filter { kinds[$0] == .userDefined }
        specialTokens = Dictionary(control.map { (tokens[$0], $0) }, uniquingKeysWith: { first, _ in first })
        let literal = { (id: Int) in (bytes: bytes[id], token: Int32(truncatingIfNeeded: id)) }
        allLiterals = LiteralSplitter((control + user).map(literal))
        userLiterals = LiteralSplitter(user.map(literal))
    }

    /// The ids of a text; never adds tokens of its own.
    public func encode(_ text: String, parseSpecial: Bool) -> [Int] {
        // What is ASCII is composed already.
        var text = normalizesText && !text.utf8.allSatisfy { $0 < 128 } ? text.precomposedStringWithCanonicalMapping : text
        return text.withUTF8 { bytes in
            var ids: [Int] = []
            ids.reserveCapacity(bytes.count / 3 + 1)
            var start = 0
            for match in unsafe (parseSpecial ? allLiterals : userLiterals).matches(in: bytes) {
                unsafe encodePlain(UnsafeBufferPointer(rebasing: bytes[start..<match.range.lowerBound]), into: &ids)
                ids.append(Int(match.token))
                start = match.range.upperBound
            }
            unsafe encodePlain(UnsafeBufferPointer(rebasing: bytes[start...]), into: &ids)
            return ids
        }
    }

    /// The bytes of the ids, control tokens as their literal text; ids outside the vocabulary give no bytes.
    public func decodeBytes(_ ids: [Int]) -> [UInt8] {
        var bytes: [UInt8] = []
        for id in ids where tokenBytes.indices.contains(id) { bytes.append(contentsOf: tokenBytes[id]) }
        return bytes
    }

    private func encodePlain(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int]) {
        guard !text.isEmpty else { return }
        var pieces = [0..<text.count]
        for pattern in patterns { pieces = unsafe pattern.split(text, pieces: pieces) }
        for piece in pieces {
            for token in unsafe tokens(of: UnsafeBufferPointer(rebasing: text[piece])) { ids.append(Int(token)) }
        }
    }

    private func tokens(of piece: UnsafeBufferPointer<UInt8>) -> [Int32] {
        guard let key = unsafe PieceCache.Key(piece) else { return unsafe merged(piece) }
        if let known = cache.tokens(for: key) { return known }
        let tokens = unsafe merged(piece)
        cache.store(tokens, for: key)
        return tokens
    }

    private func merged(_ piece: UnsafeBufferPointer<UInt8>) -> [Int32] {
        if !wholePieces.isEmpty, let whole = unsafe wholePieces[Array(piece)] { return [whole] }
        return merges.apply(to: unsafe piece.lazy.map { byteTokens[Int($0)] }.filter { $0 >= 0 })
    }

    private static func mergeTable(_ lines: [String], ids: [[UInt8]: Int32]) throws(TokenizerError) -> MergeTable {
        var table = MergeTable(capacity: lines.count)
        for (rank, line) in lines.enumerated() {
            let parts = line.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw .badMerge(index: rank, text: line) }
            let left = ByteAlphabet.bytes(of: parts[0])
            let right = ByteAlphabet.bytes(of: parts[1])
            guard let leftId = ids[left], let rightId = ids[right], let token = ids[left + right] else {
                throw .badMerge(index: rank, text: line)
            }
            table.add(left: leftId, right: rightId, token: token, rank: rank)
        }
        return table
    }
}
