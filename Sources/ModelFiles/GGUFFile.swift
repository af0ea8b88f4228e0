public import Foundation

/// A model in the GGUF format, versions 2 and 3: metadata and a directory of tensors; the tensors stay on disk until read.
///
/// Everything in the file is untrusted: counts, lengths, offsets and sizes are checked before use, and a damaged file gives a
/// `ModelFileError`. Values are immutable; any number of threads may dequantise at once.
public struct GGUFFile: Sendable {
    /// Where the file lies, for messages.
    public let path: String
    /// The metadata by key, for instance `llama.block_count`.
    public let metadata: [String: GGUFValue]
    /// The tensors in the order of the directory.
    public let tensors: [GGUFTensor]
    let data: Data
    private let positions: [String: Int]

    /// Opens the file at a path.
    public init(path: String) throws(ModelFileError) {
        try self.init(data: try FileContents.map(path), path: path)
    }

    /// Reads a file that is already in memory; the path only appears in messages.
    public init(data: Data, path: String) throws(ModelFileError) {
        let directory = try Self.parse(data, path: path)
        self.path = path
        self.data = data
        metadata = directory.metadata
        tensors = directory.tensors
        positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    }

    /// The tensor of this name.
    public func tensor(_ name: String) throws(ModelFileError) -> GGUFTensor {
        guard let position = positions[name] else { throw .missing(file: path, part: "tensor '\(name)'") }
        return tensors[position]
    }

    /// Whether there is a tensor of this name.
    public func hasTensor(_ name: String) -> Bool { positions[name] != nil }

    private static func parse(_ data: Data, path: String) throws(ModelFileError) -> GGUFDirectory {
        let result: Result<GGUFDirectory, ModelFileError> = unsafe data.withUnsafeBytes { bytes in
            Result { () throws(ModelFileError) in try unsafe GGUFDirectory(ByteReader(bytes, file: path), file: path) }
        }
        return try result.get()
    }
}
