/// A metadata value of a GGUF file; numbers of all widths share a case.
public enum GGUFValue: Sendable, Equatable {
    case integer(Int64)
    /// An unsigned number that does not fit `Int64`.
    case unsigned(UInt64)
    case number(Double)
    case bool(Bool)
    case string(String)
    case integers([Int64])
    case numbers([Double])
    case bools([Bool])
    case strings([String])
    case arrays([GGUFValue])

    /// What kind of value this is, for messages.
    public var kind: String {
        switch self {
        case .integer, .unsigned: "an integer"
        case .number: "a number"
        case .bool: "a boolean"
        case .string: "a string"
        case .integers: "a list of integers"
        case .numbers: "a list of numbers"
        case .bools: "a list of booleans"
        case .strings: "a list of strings"
        case .arrays: "a list of lists"
        }
    }
}

extension GGUFValue {
    /// The type numbers of the format.
    enum TypeCode: UInt32 {
        case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

        /// The bytes that a value takes at least.
        var minimumSize: Int {
            switch self {
            case .uint8, .int8, .bool: 1
            case .uint16, .int16: 2
            case .uint32, .int32, .float32: 4
            case .string, .uint64, .int64, .float64: 8
            case .array: 12
            }
        }
    }

    /// More entries than any vocabulary has; bounds what a list of single bytes can make us allocate.
    private static let longestList = 1 << 24
    /// Lists of lists are allowed by the format, but unbounded nesting would exhaust the stack.
    private static let deepestList = 4

    /// Reads a value of the type.
    init(
        _ type: TypeCode, from reader: inout ByteReader, file: String, key: String, depth: Int = 0
    ) throws(ModelFileError) {
        switch type {
        case .float32, .float64: self = .number(try Self.number(type, &reader, key))
        case .bool: self = .bool(try reader.integer(UInt8.self, key) != 0)
        case .string: self = .string(try reader.string(key))
        case .array: self = try Self.list(from: &reader, file: file, key: key, depth: depth)
        case .uint64:
            let value = try reader.integer(UInt64.self, key)
            self = Int64(exactly: value).map { .integer($0) } ?? .unsigned(value)
        default: self = .integer(try Self.integer(type, &reader, key))
        }
    }

    private static func list(
        from reader: inout ByteReader, file: String, key: String, depth: Int
    ) throws(ModelFileError) -> GGUFValue {
        guard depth < deepestList else {
            throw .malformed(file: file, part: key, expected: "at most \(deepestList) levels of lists", found: "more")
        }
        let code = try reader.integer(UInt32.self, "type of \(key)")
        guard let type = TypeCode(rawValue: code) else {
            throw .malformed(file: file, part: "type of \(key)", expected: "0 to 12", found: "\(code)")
        }
        let count = try reader.count(ofSize: type.minimumSize, limit: longestList, "count of \(key)")
        switch type {
        case .float32, .float64:
            return .numbers(try read(count) { () throws(ModelFileError) in try number(type, &reader, key) })
        case .bool:
            return .bools(try read(count) { () throws(ModelFileError) in try reader.integer(UInt8.self, key) != 0 })
        case .string:
            return .strings(try read(count) { () throws(ModelFileError) in try reader.string(key) })
        case .array:
            return .arrays(
                try read(count) { () throws(ModelFileError) in
                    try list(from: &reader, file: file, key: key, depth: depth + 1)
                })
        default:
            return .integers(try read(count) { () throws(ModelFileError) in try integer(type, &reader, key) })
        }
    }

    private static func read<T>(_ count: Int, _ next: () throws(ModelFileError) -> T) throws(ModelFileError) -> [T] {
        var values: [T] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try next()) }
        return values
    }

    private static func number(
        _ type: TypeCode, _ reader: inout ByteReader, _ key: String
    ) throws(ModelFileError) -> Double {
        type == .float32
            ? Double(Float(bitPattern: try reader.integer(UInt32.self, key)))
            : Double(bitPattern: try reader.integer(UInt64.self, key))
    }

    private static func integer(
        _ type: TypeCode, _ reader: inout ByteReader, _ key: String
    ) throws(ModelFileError) -> Int64 {
        switch type {
        case .uint8: Int64(try reader.integer(UInt8.self, key))
        case .int8: Int64(try reader.integer(Int8.self, key))
        case .uint16: Int64(try reader.integer(UInt16.self, key))
        case .int16: Int64(try reader.integer(Int16.self, key))
        case .uint32: Int64(try reader.integer(UInt32.self, key))
        case .int32: Int64(try reader.integer(Int32.self, key))
        // In a list, numbers above Int64.max keep their bits; no key that is used here holds such numbers.
        default: try reader.integer(Int64.self, key)
        }
    }
}
