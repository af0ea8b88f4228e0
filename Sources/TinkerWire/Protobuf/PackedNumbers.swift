/// Arrays of little-endian numbers inside of bytes.
enum PackedNumbers {
    /// The numbers in a range of bytes; the caller has checked that it holds whole ones.
    static func read<Element: FixedWidthInteger, Value>(
        _ bytes: [UInt8], _ range: Range<Int>, as _: Element.Type, _ value: (Element) -> Value
    ) -> [Value] {
        let size = MemoryLayout<Element>.size
        return unsafe bytes.withUnsafeBytes { raw in
            let part = unsafe UnsafeRawBufferPointer(rebasing: raw[range])
            return (0..<part.count / size).map { index in
                value(unsafe Element(littleEndian: part.loadUnaligned(fromByteOffset: index * size, as: Element.self)))
            }
        }
    }

    /// The bytes of numbers.
    static func bytes<Value, Element: FixedWidthInteger>(_ values: [Value], _ element: (Value) -> Element) -> [UInt8] {
        let size = MemoryLayout<Element>.size
        var bytes = [UInt8](repeating: 0, count: values.count * size)
        unsafe bytes.withUnsafeMutableBytes { raw in
            for (index, value) in values.enumerated() {
                unsafe raw.storeBytes(of: element(value).littleEndian, toByteOffset: index * size, as: Element.self)
            }
        }
        return bytes
    }

    /// The bytes of float32 numbers.
    static func bytes(_ values: [Float]) -> [UInt8] { bytes(values) { $0.bitPattern } }

    /// The bytes of int64 numbers.
    static func bytes(_ values: [Int]) -> [UInt8] { bytes(values) { $0 } }

    /// The bytes of token ids as int32. Throws `unsupported` for a number that is too large.
    static func tokens(_ values: [Int]) throws(WireError) -> [UInt8] {
        for value in values where Int32(exactly: value) == nil {
            throw .unsupported("token \(value) does not fit the 32 bits that it has in protobuf")
        }
        return bytes(values) { Int32(truncatingIfNeeded: $0) }
    }
}
