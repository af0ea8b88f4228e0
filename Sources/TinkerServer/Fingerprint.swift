/// Tells whether a call is the same as one before: SDKs repeat a call with identical bytes.
struct Fingerprint: Hashable {
    private let path: String
    private let count: Int
    private let hash: Int

    init(_ request: ServerRequest) {
        path = request.path
        count = request.body.count
        var hasher = Hasher()
        unsafe request.body.withUnsafeBytes { bytes in unsafe hasher.combine(bytes: bytes) }
        hash = hasher.finalize()
    }
}
