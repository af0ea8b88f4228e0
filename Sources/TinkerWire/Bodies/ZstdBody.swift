import CZstd

/// Bodies in zstd's format (RFC 8878), which the SDK sends where a server asks for compression.
enum ZstdBody {
    /// The unpacked bytes, `limit` at most.
    static func decode(_ body: [UInt8], limit: Int) throws(WireError) -> [UInt8] {
        guard let stream = unsafe ZSTD_createDStream() else { throw .damaged("zstd has no memory") }
        defer { unsafe _ = ZSTD_freeDStream(stream) }
        // A frame may ask for a window that is larger than the body can become.
        let window = Int32(Int.bitWidth - max(limit, 1).leadingZeroBitCount)
        unsafe ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, min(max(window, 10), 27))
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let failure: WireError? = unsafe body.withUnsafeBytes { raw in
            var input = unsafe ZSTD_inBuffer(src: raw.baseAddress, size: raw.count, pos: 0)
            // 0 once a frame is complete; further frames may follow.
            var hint = 1
            var isFull = false
            while unsafe input.pos < input.size || isFull {
                let produced = unsafe chunk.withUnsafeMutableBytes { buffer in
                    var out = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
                    hint = unsafe ZSTD_decompressStream(stream, &out, &input)
                    return unsafe out.pos
                }
                if let problem = problem(hint) { return .damaged(problem) }
                guard output.count + produced <= limit else { return .tooLarge(what: "an unpacked body", limit: limit) }
                output += chunk[..<produced]
                isFull = hint != 0 && produced == chunk.count
            }
            return hint == 0 ? nil : .damaged("the zstd data end too early")
        }
        if let failure { throw failure }
        return output
    }

    /// The packed bytes.
    static func encode(_ body: [UInt8]) throws(WireError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: ZSTD_compressBound(body.count))
        let size = unsafe output.withUnsafeMutableBytes { output in
            unsafe body.withUnsafeBytes { input in
                unsafe ZSTD_compress(
                    output.baseAddress, output.count, input.baseAddress, input.count, ZSTD_CLEVEL_DEFAULT)
            }
        }
        if let problem = problem(size) { throw .damaged(problem) }
        output.removeLast(output.count - size)
        return output
    }

    private static func problem(_ code: Int) -> String? {
        ZSTD_isError(code) == 0 ? nil : unsafe String(cString: ZSTD_getErrorName(code))
    }
}
