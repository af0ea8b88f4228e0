import CZlib

/// Reads gzip data (RFC 1952) of one or more members, as written by gzip, bgzip or by concatenating files.
enum Gzip {
    /// Why data could not be unpacked.
    enum Failure: Error, Equatable {
        /// The data end inside of a member, after this many unpacked bytes.
        case truncated(unpacked: Int)
        /// The data are damaged: zlib's words, and how many bytes came out before.
        case damaged(String, unpacked: Int)
        case outOfMemory
    }

    /// Whether data begin like gzip's.
    static func isCompressed(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1f, 0x8b]) }

    /// The unpacked bytes of all members. Zeros after the last member are padding.
    static func unpack(_ bytes: [UInt8]) throws(Failure) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count * 4)
        let failure = unsafe bytes.withUnsafeBufferPointer { input in unsafe unpack(input, into: &output) }
        if let failure { throw failure }
        return output
    }

    private static func unpack(_ input: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) -> Failure? {
        var stream = unsafe z_stream()
        // 15 + 16: the largest window, and a gzip header is required.
        guard unsafe inflateInit2_(&stream, 31, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return .outOfMemory
        }
        defer { unsafe _ = inflateEnd(&stream) }
        unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        var left = input.count
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            // zlib counts in 32 bits; a file may be longer.
            let offered = min(left, 1 << 30)
            unsafe stream.avail_in = UInt32(offered)
            let (status, produced) = unsafe chunk.withUnsafeMutableBufferPointer { buffer in
                unsafe stream.next_out = buffer.baseAddress
                unsafe stream.avail_out = UInt32(buffer.count)
                let status = unsafe inflate(&stream, Z_NO_FLUSH)
                return (status, unsafe buffer.count - Int(stream.avail_out))
            }
            left -= unsafe offered - Int(stream.avail_in)
            output += chunk[..<produced]
            switch status {
            case Z_STREAM_END:
                let rest = unsafe input[(input.count - left)...]
                if unsafe rest.allSatisfy({ $0 == 0 }) { return nil }
                unsafe inflateReset(&stream)
            case Z_OK: continue
            case Z_BUF_ERROR: return .truncated(unpacked: output.count)
            case Z_MEM_ERROR: return .outOfMemory
            default:
                let message = unsafe stream.msg.map { unsafe String(cString: $0) }
                return .damaged(message ?? "code \(status)", unpacked: output.count)
            }
        }
    }
}
