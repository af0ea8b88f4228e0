internal import CCrypto

/// The signatures of messages: HMAC-SHA256 in hexadecimal digits; empty without a key.
struct MessageSignature: Sendable {
    private let key: [UInt8]

    init(key: [UInt8]) { self.key = key }

    /// Whether messages are signed at all.
    var isSigning: Bool { !key.isEmpty }

    /// The signature over the bytes of some frames.
    func sign(_ frames: some Sequence<[UInt8]>) -> [UInt8] {
        guard isSigning else { return [] }
        let bytes = Array(frames.joined())
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        _ = unsafe HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, &digest, &count)
        let digits = Array("0123456789abcdef".utf8)
        return digest.prefix(Int(count)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// Whether a signature is the right one, in a time that does not tell how far it is right.
    func verify(_ signature: [UInt8], _ frames: some Sequence<[UInt8]>) -> Bool {
        let right = sign(frames)
        guard signature.count == right.count else { return false }
        return unsafe CRYPTO_memcmp(signature, right, right.count) == 0
    }
}
