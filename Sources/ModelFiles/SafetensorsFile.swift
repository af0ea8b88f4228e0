public import Foundation
import JSON

/// A file in the safetensors format: a JSON header, then the tensors' bytes without gaps.
///
/// The file is untrusted; it is accepted exactly when the format's reference implementation accepts it, except for types
/// smaller than a byte, which are refused.
public struct SafetensorsFile: Sendable {
    /// A tensor in the file.
    public struct Tensor: Sendable, Equatable {
        /// The tensor's name.
        public let name: String
        /// How the elements are stored.
        public let type: SafetensorsType
        /// The shape, the slowest-running dimension first.
        public let shape: [Int]
        /// Where the bytes lie after the header.
        let range: Range<Int>
    }

    /// Where the file lies, for messages.
    public let path: String
    /// The free-form strings of the header.
    public let metadata: [String: String]
    /// The tensors in the order of their bytes.
    public let tensors: [Tensor]
    private let data: Data
    private let positions: [String: Int]

    /// The reference implementation's limit on headers.
    private static let longestHeader = 100_000_000
    private static let lengthBytes = 8

    /// Opens the file at a path.
    public init(path: String) throws(ModelFileError) {
        try self.init(data: try FileContents.map(path), path: path)
    }

    /// Reads a file that is already in memory; the path only appears in messages.
    public init(data: Data, path: String) throws(ModelFileError) {
        let header = try Self.header(data, path)
        self.path = path
        metadata = try Self.metadata(header, path)
        tensors = try Self.tensors(header, path)
        positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
        self.data = data.dropFirst(Self.lengthBytes + Self.headerLength(data))

        var end = 0
        for tensor in tensors {
            guard tensor.range.lowerBound == end else {
                throw .malformed(
                    file: path, part: "offset of tensor '\(tensor.name)'",
                    expected: "\(end), where the one before ends",
                    found: "\(tensor.range.lowerBound)")
            }
            end = tensor.range.upperBound
        }
        guard end == self.data.count else {
            throw .malformed(
                file: path, part: "the tensors' data", expected: "\(end) bytes",
                found: "\(self.data.count) after the header")
        }
    }

    /// The tensor of this name.
    public func tensor(_ name: String) throws(ModelFileError) -> Tensor {
        guard let position = positions[name] else { throw .missing(file: path, part: "tensor '\(name)'") }
        return tensors[position]
    }

    /// Whether there is a tensor of this name.
    public func hasTensor(_ name: String) -> Bool { positions[name] != nil }

    /// The bytes of a tensor, little-endian.
    public func bytes(_ tensor: Tensor) -> Data {
        data.dropFirst(tensor.range.lowerBound).prefix(tensor.range.count)
    }

    /// The values of a floating-point tensor as float32.
    public func floats(_ tensor: Tensor) throws(ModelFileError) -> [Float] {
        let bytes = bytes(tensor)
        switch tensor.type {
        case .float32: return Self.numbers(bytes, UInt32.self) { Float(bitPattern: $0) }
        case .float16: return Self.numbers(bytes, UInt16.self) { Float(Float16(bitPattern: $0)) }
        case .bfloat16: return Self.numbers(bytes, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .float64: return Self.numbers(bytes, UInt64.self) { Float(Double(bitPattern: $0)) }
        default: throw wrongType(tensor, expected: "F32, F16, BF16 or F64")
        }
    }

    /// The values of a 64-bit integer tensor.
    public func integers(_ tensor: Tensor) throws(ModelFileError) -> [Int64] {
        guard tensor.type == .int64 else { throw wrongType(tensor, expected: "I64") }
        return Self.numbers(bytes(tensor), UInt64.self) { Int64(bitPattern: $0) }
    }

    private func wrongType(_ tensor: Tensor, expected: String) -> ModelFileError {
        .unsupported(file: path, part: "the type of '\(tensor.name)'", expected: expected, found: tensor.type.rawValue)
    }

    private static func numbers<T: FixedWidthInteger, U>(_ bytes: Data, _: T.Type, _ value: (T) -> U) -> [U] {
        let size = MemoryLayout<T>.size
        return unsafe bytes.withUnsafeBytes { raw in
            (0..<raw.count / size).map {
                unsafe value(T(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * size, as: T.self)))
            }
        }
    }

    /// The header's length as the file states it; the caller has checked that the file is long enough to state one.
    private static func headerLength(_ data: Data) -> Int {
        Int(truncatingIfNeeded: data.prefix(lengthBytes).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private static func header(_ data: Data, _ path: String) throws(ModelFileError) -> JSONValue {
        guard data.count >= lengthBytes else {
            throw .malformed(file: path, part: "the length of the header", expected: "8 bytes", found: "\(data.count)")
        }
        let length = headerLength(data)
        let limit = min(longestHeader, data.count - lengthBytes)
        guard (0...limit).contains(length) else {
            throw .malformed(
                file: path, part: "the length of the header", expected: "0 to \(limit)",
                found: "\(UInt(bitPattern: length))")
        }
        let header: JSONValue
        do {
            header = try JSONValue(parsing: Array(data.dropFirst(lengthBytes).prefix(length)), depth: jsonDepth)
        } catch {
            throw .malformed(
                file: path, part: "the header", expected: "JSON with \(error.expected) at byte \(error.offset)",
                found: "something else")
        }
        guard case .object = header else {
            throw .malformed(file: path, part: "the header", expected: "an object", found: header.brief)
        }
        return header
    }

    private static func metadata(_ header: JSONValue, _ path: String) throws(ModelFileError) -> [String: String] {
        guard let value = header["__metadata__"] else { return [:] }
        guard case .object(let members) = value else {
            throw .malformed(file: path, part: "__metadata__", expected: "an object", found: value.brief)
        }
        var metadata: [String: String] = [:]
        for member in members {
            guard let string = member.value.string else {
                throw .malformed(
                    file: path, part: "__metadata__ '\(member.key)'", expected: "a text", found: member.value.brief)
            }
            metadata[member.key] = string
        }
        return metadata
    }

    private static func tensors(_ header: JSONValue, _ path: String) throws(ModelFileError) -> [Tensor] {
        guard case .object(let members) = header else { return [] }
        var tensors: [String: Tensor] = [:]
        for member in members where member.key != "__metadata__" {
            tensors[member.key] = try tensor(member.key, member.value, path)
        }
        return tensors.values.sorted {
            ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
        }
    }

    private static func tensor(_ name: String, _ entry: JSONValue, _ path: String) throws(ModelFileError) -> Tensor {
        func field(_ key: String) throws(ModelFileError) -> JSONValue {
            guard let value = entry[key] else { throw .missing(file: path, part: "'\(key)' of tensor '\(name)'") }
            return value
        }
        func indices(_ key: String) throws(ModelFileError) -> [Int] {
            let value = try field(key)
            guard case .array(let elements) = value else {
                throw .malformed(
                    file: path, part: "'\(key)' of tensor '\(name)'", expected: "a list", found: value.brief)
            }
            return try elements.map { element throws(ModelFileError) in
                guard let index = element.number?.index else {
                    throw .malformed(
                        file: path, part: "'\(key)' of tensor '\(name)'", expected: "non-negative integers",
                        found: element.brief)
                }
                return index
            }
        }
        let typeName = try field("dtype")
        guard let type = typeName.string.flatMap(SafetensorsType.init(rawValue:)) else {
            throw .unsupported(
                file: path, part: "the dtype of tensor '\(name)'",
                expected: SafetensorsType.allCases.map(\.rawValue).joined(separator: " "),
                found: typeName.string.map { "'\($0)'" } ?? typeName.brief)
        }
        let shape = try indices("shape")
        let offsets = try indices("data_offsets")
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw .malformed(
                file: path, part: "data_offsets of tensor '\(name)'", expected: "a begin and an end",
                found: "\(offsets)")
        }
        // As the reference does it: the product may not overflow even if a later size is 0.
        let size = (shape + [type.byteCount]).reduce(Int?.some(1)) { product, size in
            guard let (value, overflow) = product?.multipliedReportingOverflow(by: size), !overflow else { return nil }
            return value
        }
        guard let size, size == offsets[1] - offsets[0] else {
            throw .malformed(
                file: path, part: "data_offsets of tensor '\(name)'",
                expected: size.map { "\($0) bytes for \(type.rawValue) \(shape)" } ?? "a shape in memory's range",
                found: "\(offsets)")
        }
        return Tensor(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }
}
