import Foundation
import ModelFiles
import Tensors
import TestSupport
import Testing

@Suite struct SafetensorsTests {
    /// Byte strings with the verdict of the reference implementation, safetensors 0.8.
    struct Golden: Decodable {
        struct Case: Decodable, CustomTestStringConvertible {
            let name: String
            let bytes: Data
            let reference: String
            let tensors: [String: (type: String, shape: [Int])]

            enum CodingKeys: String, CodingKey {
                case name, reference, info
                case bytes = "b64"
            }

            init(from decoder: any Decoder) throws {
                let values = try decoder.container(keyedBy: CodingKeys.self)
                name = try values.decode(String.self, forKey: .name)
                reference = try values.decode(String.self, forKey: .reference)
                bytes = try values.decode(Data.self, forKey: .bytes)
                let info = try? values.decode([String: Entry].self, forKey: .info)
                tensors = (info ?? [:]).mapValues { ($0.type, $0.shape) }
            }

            var testDescription: String { name }
        }

        /// A pair of a type's name and a shape.
        struct Entry: Decodable {
            let type: String
            let shape: [Int]

            init(from decoder: any Decoder) throws {
                var values = try decoder.unkeyedContainer()
                type = try values.decode(String.self)
                shape = try values.decode([Int].self)
            }
        }

        let cases: [Case]

        static func load() throws -> [Case] {
            try Vectors.load(Golden.self, "safetensors_cases", in: .module).cases
        }
    }

    @Test("a file is accepted exactly when the reference accepts it", arguments: try Golden.load())
    func verdicts(_ golden: Golden.Case) throws {
        guard golden.reference == "ok" else {
            #expect(throws: ModelFileError.self) { try SafetensorsFile(data: golden.bytes, path: "t") }
            return
        }
        let file = try SafetensorsFile(data: golden.bytes, path: "t")
        #expect(Set(file.tensors.map(\.name)) == Set(golden.tensors.keys))
        for tensor in file.tensors {
            #expect(tensor.type.rawValue == golden.tensors[tensor.name]?.type)
            #expect(tensor.shape == golden.tensors[tensor.name]?.shape)
        }
    }

    @Test("all 31 cases of the reference are there")
    func caseCount() throws {
        #expect(try Golden.load().count == 31)
    }

    private func sample() -> SafetensorsWriter {
        var writer = SafetensorsWriter(metadata: ["format": "pt", "note": "a \"quoted\"\n\u{1}ünïcode"])
        writer.add("weights", shape: [2, 2], [1, -2, 0.5, 3])
        writer.add("steps", shape: [2], [Int64.min, 7])
        writer.add("none", shape: [0, 3], [Float]())
        writer.add("half", .float16, shape: [1], bytes: Data([0x00, 0x3c]))
        writer.add("brain", .bfloat16, shape: [], bytes: Data([0x80, 0xbf]))
        return writer
    }

    @Test("what is written is read back, with everything aligned")
    func roundTrip() throws {
        let file = try SafetensorsFile(data: sample().data(), path: "t")
        #expect(file.metadata == ["format": "pt", "note": "a \"quoted\"\n\u{1}ünïcode"])
        #expect(try file.floats(file.tensor("weights")) == [1, -2, 0.5, 3])
        #expect(try file.integers(file.tensor("steps")) == [.min, 7])
        #expect(try file.floats(file.tensor("none")) == [])
        #expect(try file.floats(file.tensor("half")) == [1])
        #expect(try file.floats(file.tensor("brain")) == [-1])
        #expect(file.tensors.map(\.name) == ["steps", "none", "weights", "brain", "half"])
        #expect(throws: ModelFileError.self) { try file.floats(file.tensor("steps")) }
        #expect(throws: ModelFileError.self) { try file.tensor("nope") }
    }

    @Test("a file cut anywhere gives an error, and flipped bytes never crash")
    func damage() {
        let data = sample().data()
        for count in 0..<data.count {
            #expect(throws: ModelFileError.self, "cut at \(count)") {
                try SafetensorsFile(data: data.prefix(count), path: "t")
            }
        }
        var random = SeededRandom(8)
        var refused = 0
        for _ in 0..<5_000 {
            var copy = data
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                copy[Int.random(in: 0..<copy.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                let file = try SafetensorsFile(data: copy, path: "t")
                for tensor in file.tensors { _ = try? file.floats(tensor) }
            } catch { refused += 1 }
        }
        #expect(refused > 1_000)
    }

    @Test("headers that nest without end or claim to be huge are refused")
    func hostileHeaders() {
        func file(_ header: String, claiming length: UInt64? = nil) -> Data {
            let count = length ?? UInt64(header.utf8.count)
            return Data((0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * UInt64($0))) }) + Data(header.utf8)
        }
        let nested = String(repeating: "[", count: 200_000)
        for data in [
            file("{\"a\":" + nested), file("{}", claiming: .max), file("{}", claiming: 1 << 63),
            file("{}", claiming: 100_000_001),
            file("{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}"),
            file("{\"a\":\"\\ud800\"}"), file("{\"a\" 1}"), file("{\"a\":01}"), file("{,}"), file("{} x"),
        ] {
            #expect(throws: ModelFileError.self) { try SafetensorsFile(data: data, path: "t") }
        }
    }

    @Test("a file is replaced as a whole, and a failed write leaves the old one and no rest")
    func atomicWrite() throws {
        let folder = ScratchFolder.url.appending(path: "st-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path + "/x.safetensors"
        try sample().write(to: path)
        try SafetensorsWriter().write(to: path)
        #expect(try SafetensorsFile(path: path).tensors.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x.safetensors"])
        // A folder cannot be replaced by a file: the rename fails after everything was written.
        #expect(throws: ModelFileError.self) { try sample().write(to: folder.path) }
        #expect(throws: ModelFileError.io(file: "/no/x", operation: "write", reason: "No such file or directory")) {
            try sample().write(to: "/no/x")
        }
    }
}
