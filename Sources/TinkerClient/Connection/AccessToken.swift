import Foundation

/// A token that stands for a key for a while (JSON web token).
struct AccessToken: Sendable {
    let secret: Secret
    /// When to get another one, by the client's clock.
    let renewAt: Double

    private struct Claims: Decodable {
        let exp: Double
        let iat: Double
    }

    /// Reads when a token ends. The service checks the signature, not the client. Half of the life is used; one that does not say
    /// how long it lives is used for a minute.
    init(_ text: String, now: Double) {
        secret = Secret(text)
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        var payload = parts.count > 1 ? String(parts[1]) : ""
        payload = payload.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        payload += String(repeating: "=", count: (4 - payload.utf8.count % 4) % 4)
        let claims = Data(base64Encoded: payload).flatMap { try? JSONDecoder().decode(Claims.self, from: $0) }
        let life = claims.map { $0.exp - $0.iat } ?? 120
        renewAt = now + max(life, 0) / 2
    }
}
