/// How a body is compressed.
public enum ContentCoding: String, Sendable, CaseIterable {
    case identity
    case gzip
    case zstd

    /// The coding that a `Content-Encoding` names; nil for any other.
    public init?(contentEncoding: String) {
        switch contentEncoding.trimmingSpaces.lowercased() {
        case "", "identity": self = .identity
        case "gzip", "x-gzip": self = .gzip
        case "zstd": self = .zstd
        default: return nil
        }
    }

    /// The unpacked body. Throws `damaged`, and `tooLarge` as soon as it grows beyond the limit.
    public func decode(_ body: [UInt8], limits: WireLimits = WireLimits()) throws(WireError) -> [UInt8] {
        switch self {
        case .identity:
            try limits.check(body.count, \.bodyBytes, "a body of \(body.count) bytes")
            return body
        case .gzip: return try GzipBody.decode(body, limit: limits.bodyBytes)
        case .zstd: return try ZstdBody.decode(body, limit: limits.bodyBytes)
        }
    }

    /// The packed body. Throws `damaged` if the library has no memory for it.
    public func encode(_ body: [UInt8]) throws(WireError) -> [UInt8] {
        switch self {
        case .identity: return body
        case .gzip: return try GzipBody.encode(body)
        case .zstd: return try ZstdBody.encode(body)
        }
    }
}
