import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

@Suite struct GGUFFileTests {
    /// A file with every kind of metadata and a few tensors of different types.
    private func sample() -> GGUFBuilder {
        var builder = GGUFBuilder()
        builder.set("a.integer", .integer(-7))
        builder.set("a.unsigned", .unsigned(.max))
        builder.set("a.number", .number(0.5))
        builder.set("a.bool", .bool(true))
        builder.set("a.string", .string("Grüße"))
        builder.set("a.integers", .integers([1, -2, 3]))
        builder.set("a.numbers", .numbers([0.25, 4]))
        builder.set("a.bools", .bools([true, false]))
        builder.set("a.strings", .strings(["", "x", "yz"]))
        builder.add("w", [2, 3], values: [1, 2, 3, 4, 5, 6])
        builder.add("q", .q8_0, [32], bytes: Data(count: 34))
        builder.add("scalar", [], values: [9])
        return builder
    }

    private func open(_ data: Data) throws -> GGUFFile { try GGUFFile(data: data, path: "m.gguf") }

    @Test("metadata of every kind and the directory are read as written")
    func reads() throws {
        var builder = sample()
        let file = try open(builder.build())
        #expect(
            file.metadata == [
                "a.integer": .integer(-7), "a.unsigned": .unsigned(.max), "a.number": .number(0.5),
                "a.bool": .bool(true),
                "a.string": .string("Grüße"), "a.integers": .integers([1, -2, 3]), "a.numbers": .numbers([0.25, 4]),
                "a.bools": .bools([true, false]), "a.strings": .strings(["", "x", "yz"]),
            ])
        #expect(file.tensors.map(\.name) == ["w", "q", "scalar"])
        let weights = try file.tensor("w")
        #expect(weights.dimensions == [2, 3])
        #expect((weights.rowLength, weights.rows, weights.count) == (2, 3, 6))
        #expect(try file.dequantize(weights, rows: 1..<3) == [3, 4, 5, 6])
        #expect(try file.dequantize(file.tensor("scalar")) == [9])
        #expect(throws: ModelFileError.missing(file: "m.gguf", part: "tensor 'nope'")) { try file.tensor("nope") }
    }

    @Test("a file cut anywhere gives an error")
    func truncation() throws {
        var builder = sample()
        let data = builder.build()
        #expect(builder.boundaries.last == data.count)
        for count in 0..<data.count {
            #expect(throws: ModelFileError.self, "cut at \(count)") { try open(data.prefix(count)) }
        }
    }

    @Test("flipped bytes never crash: the file is refused, or its tensors are readable")
    func flippedBytes() throws {
        var sampleBuilder = sample()
        let files = [sampleBuilder.build(), TinyModel().build()]
        var random = SeededRandom(20, 26)
        var refused = 0
        for round in 0..<6_000 {
            var data = files[round % 40 == 0 ? 1 : 0]
            // The header is where damage matters; in the tiny model it is the first part of the file.
            let span = min(data.count, 6_000)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                data[Int.random(in: 0..<span, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                let file = try open(data)
                for tensor in file.tensors { _ = try file.dequantize(tensor) }
                _ = try? ModelConfig(file)
                _ = try? file.tokenizer()
            } catch { refused += 1 }
        }
        #expect(refused > 1_000)
    }

    @Test("counts, lengths and sizes beyond the file are refused before anything is allocated")
    func hugeNumbers() throws {
        var builder = sample()
        let data = builder.build()
        func patched(_ offset: Int, _ bytes: [UInt8]) -> Data {
            var copy = data
            copy.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            return copy
        }
        let huge = [UInt8](repeating: 0xff, count: 8)
        let large: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0x40]
        // Number of tensors, number of entries, then the length of the first key.
        for offset in [8, 16, 24] {
            for bytes in [huge, large] {
                #expect(throws: ModelFileError.self) { try open(patched(offset, bytes)) }
            }
        }
        // Dimensions whose product overflows, or whose row is no whole number of blocks.
        for dimensions in [[1 << 40, 1 << 40], [Int.max], [1 << 62, 4], [33]] {
            var builder = GGUFBuilder()
            builder.add("q", .q8_0, dimensions, bytes: Data(count: 34))
            #expect(throws: ModelFileError.self, "\(dimensions)") { try open(builder.build()) }
        }
    }

    @Test("what is wrong is said with the file's name, what was expected and what was found")
    func messages() throws {
        func message(_ data: Data) -> String {
            do {
                _ = try GGUFFile(data: data, path: "m.gguf")
                return "opened"
            } catch { return error.description }
        }
        var builder = sample()
        let data = builder.build()
        #expect(
            message(Data("GGML".utf8) + data.dropFirst(4))
                == "m.gguf is damaged or not a model file: the magic number should be 'GGUF', found other bytes")
        #expect(
            message(data.prefix(4) + Data([1, 0, 0, 0]) + data.dropFirst(8))
                == "m.gguf cannot be used: the GGUF version is 1; supported: 2 and 3, little-endian")
        #expect(
            message(data.prefix(4) + Data([0, 0, 0, 3]) + data.dropFirst(8))
                == "m.gguf cannot be used: the GGUF version is 3, big-endian; supported: 2 and 3, little-endian")
        #expect(
            message(data.dropLast())
                == "m.gguf is damaged or not a model file: tensor 'scalar' should be 4 bytes at 96 of the data, found 99 bytes of data in all"
        )
    }

    @Test("names may occur once")
    func duplicates() {
        var keys = GGUFBuilder()
        keys.set("k", .integer(1))
        keys.set("k", .integer(2))
        #expect(
            throws: ModelFileError.malformed(
                file: "m.gguf", part: "metadata key 'k'", expected: "a single one", found: "two")
        ) {
            try open(keys.build())
        }
        var tensors = GGUFBuilder()
        tensors.add("t", [1], values: [1])
        tensors.add("t", [1], values: [1])
        #expect(
            throws: ModelFileError.malformed(file: "m.gguf", part: "tensor 't'", expected: "a single one", found: "two")
        ) {
            try open(tensors.build())
        }
    }

    @Test("missing files, folders and devices are refused with the reason")
    func unreadable() {
        #expect(
            throws: ModelFileError.io(file: "/no/such.gguf", operation: "read", reason: "No such file or directory")
        ) {
            try GGUFFile(path: "/no/such.gguf")
        }
        for path in ["/", "/dev/zero"] {
            #expect(throws: ModelFileError.io(file: path, operation: "read", reason: "it is not a regular file")) {
                try GGUFFile(path: path)
            }
        }
    }
}
