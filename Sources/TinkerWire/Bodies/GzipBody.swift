import CZlib

/// Bodies in gzip's format (RFC 1952).
enum GzipBody {
    /// A window of the largest size, with a gzip header.
    private static let windowBits: Int32 = 15 + 16

    /// The unpacked bytes, `limit` at most.
    static func decode(_ body: [UInt8], limit: Int) throws(WireError) -> [UInt8] {
        var stream = unsafe z_stream()
        guard unsafe inflateInit2_(&stream, windowBits, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .damaged("zlib has no memory")
        }
        defer { unsafe _ = inflateEnd(&stream) }
        return try unsafe run(&stream, body, limit: limit) { stream in unsafe inflate(stream, Z_NO_FLUSH) }
    }

    /// The packed bytes.
    static func encode(_ body: [UInt8]) throws(WireError) -> [UInt8] {
        var stream = unsafe z_stream()
        // Level 1: bodies are numbers, on which more work gains little.
        let status = unsafe deflateInit2_(
            &stream, 1, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, zlibVersion(), Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw .damaged("zlib has no memory") }
        defer { unsafe _ = deflateEnd(&stream) }
        return try unsafe run(&stream, body, limit: .max) { stream in unsafe deflate(stream, Z_FINISH) }
    }

    private static func run(
        _ stream: UnsafeMutablePointer<z_stream>, _ body: [UInt8], limit: Int,
        step: (UnsafeMutablePointer<z_stream>) -> Int32
    ) throws(WireError) -> [UInt8] {
        // zlib counts in 32 bits.
        guard body.count <= 1 << 31 else { throw .tooLarge(what: "a compressed body", limit: 1 << 31) }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let failure: WireError? = unsafe body.withUnsafeBufferPointer { input in
            unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            unsafe stream.pointee.avail_in = UInt32(input.count)
            while true {
                let (status, produced) = unsafe chunk.withUnsafeMutableBufferPointer { buffer in
                    unsafe stream.pointee.next_out = buffer.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(buffer.count)
                    let status = unsafe step(stream)
                    return (status, buffer.count - Int(unsafe stream.pointee.avail_out))
                }
                guard output.count + produced <= limit else { return .tooLarge(what: "an unpacked body", limit: limit) }
                output += chunk[..<produced]
                switch status {
                case Z_STREAM_END:
                    return unsafe stream.pointee.avail_in == 0 ? nil : .damaged("bytes follow the gzip data")
                case Z_OK: continue
                case Z_BUF_ERROR: return .damaged("the gzip data end too early")
                default:
                    return .damaged(unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "zlib code \(status)")
                }
            }
        }
        if let failure { throw failure }
        return output
    }
}
