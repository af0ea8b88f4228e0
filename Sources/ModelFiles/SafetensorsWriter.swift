public import Foundation
import JSON

/// Collects tensors and writes them as a safetensors file.
public struct SafetensorsWriter {
    /// The free-form strings of the header.
    public var metadata: [String: String]
    private var tensors: [(name: String, type: SafetensorsType, shape: [Int], bytes: Data)] = []

    /// A file without tensors.
    public init(metadata: [String: String] = [:]) { self.metadata = metadata }

    /// Adds a tensor by its little-endian bytes. Names must differ, and the bytes must fill the shape.
    public mutating func add(_ name: String, _ type: SafetensorsType, shape: [Int], bytes: Data) {
        precondition(bytes.count == shape.reduce(type.byteCount, *), "the bytes of '\(name)' do not fill its shape")
        precondition(
            name != "__metadata__" && !tensors.contains { $0.name == name }, "two tensors are called '\(name)'")
        tensors.append((name, type, shape, bytes))
    }

    /// Adds a float32 tensor.
    public mutating func add(_ name: String, shape: [Int], _ values: [Float]) {
        add(name, .float32, shape: shape, bytes: Self.bytes(values))
    }

    /// Adds a 64-bit integer tensor.
    public mutating func add(_ name: String, shape: [Int], _ values: [Int64]) {
        add(name, .int64, shape: shape, bytes: Self.bytes(values))
    }

    /// The file's bytes; equal contents give equal bytes.
    public func data() -> Data { parts().reduce(into: Data()) { $0 += $1 } }

    /// Writes the file; readers see the old file or the new one, never a part.
    public func write(to path: String) throws(ModelFileError) {
        try FileContents.writeAtomically(parts(), to: path)
    }

    private func parts() -> [Data] {
        var members: [JSONValue.Member] = []
        if !metadata.isEmpty {
            let sorted = metadata.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) }
            members.append(JSONValue.Member("__metadata__", .object(sorted)))
        }
        // Wide types first, then by name, as the reference implementation lays files out: everything is aligned.
        let sorted = tensors.sorted { ($1.type.byteCount, $0.name) < ($0.type.byteCount, $1.name) }
        var offset = 0
        for tensor in sorted {
            let end = offset + tensor.bytes.count
            members.append(
                JSONValue.Member(
                    tensor.name,
                    [
                        "dtype": .string(tensor.type.rawValue),
                        "shape": .array(tensor.shape.map { .number(.init($0)) }),
                        "data_offsets": [.number(.init(offset)), .number(.init(end))],
                    ]))
            offset = end
        }
        var header = Data(JSONValue.object(members).text.utf8)
        header.append(contentsOf: repeatElement(0x20, count: (8 - header.count % 8) % 8))
        return [Self.bytes([UInt64(header.count)]), header] + sorted.map(\.bytes)
    }

    // Every platform this package builds for is little-endian, like the format.
    private static func bytes<T: BitwiseCopyable>(_ values: [T]) -> Data {
        unsafe values.withUnsafeBytes { unsafe Data($0) }
    }
}
