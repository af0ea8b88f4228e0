/// What stands before the tensors' bytes: the format's header, the metadata and the list of tensors.
struct GGUFDirectory {
    private(set) var metadata: [String: GGUFValue] = [:]
    private(set) var tensors: [GGUFTensor] = []

    /// "GGUF" as a little-endian number.
    private static let magic: UInt32 = 0x4655_4747
    /// An entry of the metadata has at least a key's length, a type and one byte.
    private static let smallestEntry = 13
    /// An entry of the directory has at least a name's length, a number of dimensions, a type and an offset.
    private static let smallestTensor = 24
    private static let mostDimensions = 4

    init(_ source: ByteReader, file: String) throws(ModelFileError) {
        var reader = source
        let end = reader.remaining
        let magic = try reader.integer(UInt32.self, "the magic number")
        guard magic == Self.magic else {
            throw .malformed(file: file, part: "the magic number", expected: "'GGUF'", found: "other bytes")
        }
        let version = try reader.integer(UInt32.self, "the version")
        guard (2...3).contains(version) else {
            let bigEndian = (2...3).contains(version.byteSwapped)
            throw .unsupported(
                file: file, part: "the GGUF version", expected: "2 and 3, little-endian",
                found: bigEndian ? "\(version.byteSwapped), big-endian" : "\(version)")
        }
        let tensorCount = try reader.count(ofSize: Self.smallestTensor, "the number of tensors")
        let entryCount = try reader.count(ofSize: Self.smallestEntry, "the number of metadata entries")
        for _ in 0..<entryCount { try readEntry(&reader, file) }
        let entries = try (0..<tensorCount).map { _ throws(ModelFileError) in try TensorEntry(&reader, file) }

        let alignment = try Self.alignment(metadata, file)
        // The reader stands inside the file, so adding a bounded alignment cannot overflow.
        let start = (reader.position + alignment - 1) / alignment * alignment
        var names: Set<String> = []
        for entry in entries {
            guard names.insert(entry.name).inserted else {
                throw .malformed(file: file, part: "tensor '\(entry.name)'", expected: "a single one", found: "two")
            }
            tensors.append(try entry.placed(start: start, end: end, alignment: alignment, file))
        }
    }

    private mutating func readEntry(_ reader: inout ByteReader, _ file: String) throws(ModelFileError) {
        let key = try reader.string("a metadata key")
        let code = try reader.integer(UInt32.self, "type of \(key)")
        guard let type = GGUFValue.TypeCode(rawValue: code) else {
            throw .malformed(file: file, part: "type of \(key)", expected: "0 to 12", found: "\(code)")
        }
        let value = try GGUFValue(type, from: &reader, file: file, key: key)
        guard metadata.updateValue(value, forKey: key) == nil else {
            throw .malformed(file: file, part: "metadata key '\(key)'", expected: "a single one", found: "two")
        }
    }

    private static func alignment(_ metadata: [String: GGUFValue], _ file: String) throws(ModelFileError) -> Int {
        let key = "general.alignment"
        switch metadata[key] {
        case nil: return 32
        case .integer(let value) where value > 0 && value <= 1 << 20 && value & (value - 1) == 0: return Int(value)
        case .integer(let value):
            throw .malformed(file: file, part: key, expected: "a power of two up to 2^20", found: "\(value)")
        case .some(let value): throw .malformed(file: file, part: key, expected: "an integer", found: value.kind)
        }
    }

    /// A tensor as the directory states it, before its place in the file is checked.
    private struct TensorEntry {
        let name: String
        let type: GGUFTensorType
        let dimensions: [Int]
        let size: Int
        let offset: UInt64

        init(_ reader: inout ByteReader, _ file: String) throws(ModelFileError) {
            let name = try reader.string("a tensor's name")
            let part = "tensor '\(name)'"
            let count = try reader.integer(UInt32.self, "number of dimensions of \(part)")
            guard count <= mostDimensions else {
                throw .malformed(
                    file: file, part: "number of dimensions of \(part)", expected: "at most \(mostDimensions)",
                    found: "\(count)")
            }
            var dimensions: [Int] = []
            for _ in 0..<count {
                let size = try reader.integer(UInt64.self, "dimensions of \(part)")
                guard let size = Int(exactly: size), size > 0 else {
                    throw .malformed(
                        file: file, part: "a dimension of \(part)", expected: "a positive number", found: "\(size)")
                }
                dimensions.append(size)
            }
            let code = try reader.integer(UInt32.self, "type of \(part)")
            guard let type = GGUFTensorType(rawValue: code) else {
                throw .unsupported(
                    file: file, part: "the type of \(part)", expected: GGUFTensorType.names, found: "number \(code)")
            }
            guard let size = type.byteCount(of: dimensions) else {
                throw .malformed(
                    file: file, part: "shape of \(part)",
                    expected: "rows of whole blocks of \(type.blockLength) values in memory's range",
                    found: "\(dimensions)")
            }
            self.name = name
            self.type = type
            self.dimensions = dimensions
            self.size = size
            offset = try reader.integer(UInt64.self, "offset of \(part)")
        }

        /// The tensor, if its bytes lie within the file.
        func placed(start: Int, end: Int, alignment: Int, _ file: String) throws(ModelFileError) -> GGUFTensor {
            guard offset % UInt64(alignment) == 0 else {
                throw .malformed(
                    file: file, part: "offset of tensor '\(name)'", expected: "a multiple of \(alignment)",
                    found: "\(offset)")
            }
            let room = max(end - start, 0)
            guard size <= room, offset <= UInt64(room - size) else {
                throw .malformed(
                    file: file, part: "tensor '\(name)'", expected: "\(size) bytes at \(offset) of the data",
                    found: "\(room) bytes of data in all")
            }
            let first = start + Int(offset)
            return GGUFTensor(name: name, type: type, dimensions: dimensions, range: first..<first + size)
        }
    }
}
