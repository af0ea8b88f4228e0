/// Little-endian numbers and strings from untrusted bytes: nothing is read, and nothing allocated, before the bytes are known
/// to be there.
@safe
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private let file: String
    /// The place of the next byte.
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer, file: String) {
        unsafe self.bytes = bytes
        self.file = file
    }

    /// The number of bytes not read yet.
    var remaining: Int { unsafe bytes.count - position }

    mutating func integer<T: FixedWidthInteger>(_: T.Type, _ part: @autoclosure () -> String) throws(ModelFileError)
        -> T
    {
        let size = T.bitWidth / 8
        try require(size, part)
        defer { position += size }
        return unsafe T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
    }

    /// A 64-bit count of things that take at least `size` bytes each in the rest of the file.
    mutating func count(
        ofSize size: Int, limit: Int = .max, _ part: @autoclosure () -> String
    ) throws(ModelFileError) -> Int {
        let count = try integer(UInt64.self, part())
        let most = min(limit, remaining / size)
        guard count <= UInt64(most) else {
            throw .malformed(
                file: file, part: part(), expected: "at most \(most) (what the file has room for)", found: "\(count)")
        }
        return Int(count)
    }

    /// A string with its length before it.
    mutating func string(_ part: @autoclosure () -> String) throws(ModelFileError) -> String {
        let count = try count(ofSize: 1, "length of " + part())
        defer { position += count }
        let slice = unsafe UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
        guard let string = unsafe String(validating: slice, as: UTF8.self) else {
            throw .malformed(file: file, part: part(), expected: "UTF-8", found: "other bytes")
        }
        return string
    }

    private func require(_ count: Int, _ part: () -> String) throws(ModelFileError) {
        guard count <= remaining else {
            throw .malformed(
                file: file, part: part(), expected: "\(count) bytes", found: "\(remaining) before the end of the file")
        }
    }
}
