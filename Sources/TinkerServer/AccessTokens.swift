import Foundation
import Synchronization

/// Random words that open something for a while.
final class AccessTokens: Sendable {
    /// What a token opens.
    enum Grant: Sendable {
        /// The whole server, in place of a key.
        case everything
        /// Some files, as an archive.
        case archive(URL)
        /// One file.
        case file(URL)
    }

    private let grants = Mutex<[String: (grant: Grant, expires: Date)]>([:])

    /// A new token; `prefix` comes before its 256 random bits.
    func issue(_ grant: Grant, prefix: String = "", until expires: Date) -> String {
        var generator = SystemRandomNumberGenerator()
        let word = (0..<4).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        grants.withLock { $0[prefix + word] = (grant, expires) }
        return prefix + word
    }

    /// What a token opens now.
    func grant(_ token: String, _ now: Date) -> Grant? {
        grants.withLock { grants in grants[token].flatMap { $0.expires > now ? $0.grant : nil } }
    }

    /// Whether a token opens the server.
    func accept(_ token: String, _ now: Date) -> Bool {
        if case .everything = grant(token, now) { true } else { false }
    }

    /// Forgets what has expired.
    func sweep(_ now: Date) { grants.withLock { grants in grants = grants.filter { $0.value.expires > now } } }
}
