public import Foundation
public import ModelFiles

/// Writes GGUF files, version 3, for tests.
public struct GGUFBuilder {
    private var entries: [Data] = []
    private var tensors: [(name: String, type: GGUFTensorType, dimensions: [Int], bytes: Data)] = []

    /// The places in the last built file where a field begins or ends; a file cut there is cut most cleverly.
    public private(set) var boundaries: [Int] = []

    /// An empty file.
    public init() {}

    /// Adds a metadata entry.
    public mutating func set(_ key: String, _ value: GGUFValue) {
        let (type, payload) = Self.encode(value)
        entries.append(Self.string(key) + Self.little(type) + payload)
    }

    /// Adds a float32 tensor; the fastest-running dimension comes first.
    public mutating func add(_ name: String, _ dimensions: [Int], values: [Float]) {
        add(name, .f32, dimensions, bytes: values.reduce(into: Data()) { $0 += Self.little($1.bitPattern) })
    }

    /// Adds a tensor of any type by its bytes.
    public mutating func add(_ name: String, _ type: GGUFTensorType, _ dimensions: [Int], bytes: Data) {
        tensors.append((name, type, dimensions, bytes))
    }

    /// The file's bytes.
    public mutating func build() -> Data {
        var file = Data()
        boundaries = []
        func append(_ data: Data) {
            file += data
            boundaries.append(file.count)
        }
        append(Data("GGUF".utf8))
        append(Self.little(UInt32(3)))
        append(Self.little(UInt64(tensors.count)))
        append(Self.little(UInt64(entries.count)))
        entries.forEach(append)
        var offset = 0
        for tensor in tensors {
            append(Self.string(tensor.name))
            append(Self.little(UInt32(tensor.dimensions.count)))
            for size in tensor.dimensions { append(Self.little(UInt64(size))) }
            append(Self.little(tensor.type.rawValue))
            append(Self.little(UInt64(offset)))
            offset = Self.aligned(offset + tensor.bytes.count)
        }
        for tensor in tensors {
            append(Data(count: Self.aligned(file.count) - file.count))
            append(tensor.bytes)
        }
        return file
    }

    private static func aligned(_ count: Int) -> Int { (count + 31) / 32 * 32 }

    private static func little<T: FixedWidthInteger>(_ value: T) -> Data {
        withUnsafeBytes(of: value.littleEndian) { Data($0) }
    }

    private static func string(_ text: String) -> Data { little(UInt64(text.utf8.count)) + Data(text.utf8) }

    private static func list<T>(_ type: UInt32, _ values: [T], _ encode: (T) -> Data) -> (UInt32, Data) {
        (9, values.reduce(into: little(type) + little(UInt64(values.count))) { $0 += encode($1) })
    }

    private static func encode(_ value: GGUFValue) -> (type: UInt32, payload: Data) {
        switch value {
        case .integer(let value): (11, little(value))
        case .unsigned(let value): (10, little(value))
        case .number(let value): (6, little(Float(value).bitPattern))
        case .bool(let value): (7, little(UInt8(value ? 1 : 0)))
        case .string(let value): (8, string(value))
        case .integers(let values): list(5, values) { little(Int32(truncatingIfNeeded: $0)) }
        case .numbers(let values): list(6, values) { little(Float($0).bitPattern) }
        case .bools(let values): list(7, values) { little(UInt8($0 ? 1 : 0)) }
        case .strings(let values): list(8, values, string)
        case .arrays(let values): list(9, values) { encode($0).payload }
        }
    }
}
