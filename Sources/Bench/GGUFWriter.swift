import Foundation
import ModelFiles

/// Writes GGUF files, version 3, whose tensors repeat a pattern of bytes.
struct GGUFWriter {
    private var entries = Data()
    private var entryCount = 0
    private var tensors: [(name: String, type: GGUFTensorType, dimensions: [Int])] = []

    /// Adds a metadata entry.
    mutating func set(_ key: String, _ value: GGUFValue) {
        let (type, payload) = Self.encode(value)
        entries += Self.string(key) + little(type) + payload
        entryCount += 1
    }

    /// Adds a tensor; the fastest-running dimension comes first.
    mutating func add(_ name: String, _ type: GGUFTensorType, _ dimensions: [Int]) {
        tensors.append((name, type, dimensions))
    }

    /// Writes the file. `pattern` gives the bytes that tensors of a type repeat, whole blocks of them.
    func write(to file: URL, pattern: (GGUFTensorType) -> Data) throws {
        let sizes = tensors.map { tensor in
            tensor.dimensions.reduce(1, *) / tensor.type.blockLength * tensor.type.blockBytes
        }
        var head = Data("GGUF".utf8) + little(UInt32(3)) + little(UInt64(tensors.count)) + little(UInt64(entryCount)) + entries
        var offset = 0
        for (tensor, size) in zip(tensors, sizes) {
            head += Self.string(tensor.name) + little(UInt32(tensor.dimensions.count))
            for dimension in tensor.dimensions { head += little(UInt64(dimension)) }
            head += little(tensor.type.rawValue) + little(UInt64(offset))
            offset = Self.aligned(offset + size)
        }
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        try handle.write(contentsOf: head + Data(count: Self.aligned(head.count) - head.count))
        for (tensor, size) in zip(tensors, sizes) {
            let pattern = pattern(tensor.type)
            for start in stride(from: 0, to: size, by: pattern.count) {
                try handle.write(contentsOf: pattern.prefix(size - start))
            }
            try handle.write(contentsOf: Data(count: Self.aligned(size) - size))
        }
        try handle.close()
    }

    private static func aligned(_ count: Int) -> Int { (count + 31) / 32 * 32 }

    private static func string(_ text: String) -> Data { little(UInt64(text.utf8.count)) + Data(text.utf8) }

    private static func list<T>(_ type: UInt32, _ values: [T], _ encode: (T) -> Data) -> (UInt32, Data) {
        (9, values.reduce(into: little(type) + little(UInt64(values.count))) { $0 += encode($1) })
    }

    /// The format's type number of a value, and its bytes.
    private static func encode(_ value: GGUFValue) -> (type: UInt32, payload: Data) {
        switch value {
        case .integer(let value): (11, little(value))
        case .unsigned(let value): (10, little(value))
        case .number(let value): (12, little(value.bitPattern))
        case .bool(let value): (7, little(UInt8(value ? 1 : 0)))
        case .string(let value): (8, string(value))
        case .integers(let values): list(11, values) { little($0) }
        case .numbers(let values): list(12, values) { little($0.bitPattern) }
        case .bools(let values): list(7, values) { little(UInt8($0 ? 1 : 0)) }
        case .strings(let values): list(8, values, string)
        case .arrays(let values):
            list(9, values) { value in
                let (type, payload) = encode(value)
                return type == 9 ? payload : little(type) + payload
            }
        }
    }
}

/// The bytes of a number, the lowest first.
func little<T: FixedWidthInteger>(_ value: T) -> Data {
    (0..<T.bitWidth / 8).reduce(into: Data()) { $0.append(UInt8(truncatingIfNeeded: value >> T(8 * $1))) }
}
