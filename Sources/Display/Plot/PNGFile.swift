internal import CZlib

extension Raster {
    /// The picture as a PNG file (ISO 15948) of 8 bits in each of three channels.
    public var png: [UInt8] {
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let header = Self.bigEndian(width) + Self.bigEndian(height) + [8, 2, 0, 0, 0]
        // Each row begins with its filter; most rows of a plot equal the one above, which `up` turns into zeros.
        var rows: [UInt8] = []
        rows.reserveCapacity(height * (width * 3 + 1))
        for row in 0..<height {
            rows.append(2)
            for index in row * width * 3..<(row + 1) * width * 3 {
                rows.append(pixels[index] &- (row == 0 ? 0 : pixels[index - width * 3]))
            }
        }
        for (name, data) in [("IHDR", header), ("IDAT", Self.deflated(rows)), ("IEND", [])] {
            let chunk = Array(name.utf8) + data
            bytes += Self.bigEndian(data.count) + chunk
            bytes += Self.bigEndian(Int(unsafe crc32(0, chunk, UInt32(chunk.count))))
        }
        return bytes
    }

    private static func bigEndian(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var size = compressBound(UInt(bytes.count))
        var result = [UInt8](repeating: 0, count: Int(size))
        // Fails only for want of room, and the bound gives enough.
        let status = unsafe compress2(&result, &size, bytes, UInt(bytes.count), 6)
        precondition(status == Z_OK, "zlib's bound was too small")
        return Array(result.prefix(Int(size)))
    }
}
