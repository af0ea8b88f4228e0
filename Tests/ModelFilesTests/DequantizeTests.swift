import Foundation
import ModelFiles
import TestSupport
import Testing

/// The vectors were made with gguf-py 0.19: quantised values (or random blocks), their dequantisation, and rows of the model.
@Suite struct DequantizeTests {
    struct Golden: Decodable {
        struct Synthetic: Decodable, CustomTestStringConvertible {
            let type: String
            let typeId: UInt32
            let block: Int
            let bytesPerBlock: Int
            let raw: Data
            let values: Data

            enum CodingKeys: String, CodingKey {
                case type, block
                case typeId = "type_id"
                case bytesPerBlock = "bytes_per_block"
                case raw = "raw_b64"
                case values = "f32_le_b64"
            }

            var testDescription: String { type }

            var floats: [Float] {
                stride(from: 0, to: values.count, by: 4).map { start in
                    Float(bitPattern: values[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
                }
            }
        }

        struct Row: Decodable, CustomTestStringConvertible {
            let tensor: String
            let type: String
            let ne: [Int]
            let row: Int
            let first16: [Double]
            let rowSum: Double
            let rowL2: Double
            let allSum: Double
            let allL2: Double

            enum CodingKeys: String, CodingKey {
                case tensor, type, ne, row, first16
                case rowSum = "row_sum"
                case rowL2 = "row_l2"
                case allSum = "all_sum"
                case allL2 = "all_l2"
            }

            var testDescription: String { tensor }
        }

        let synthetic: [Synthetic]
        let rows: [Row]

        enum CodingKeys: String, CodingKey {
            case synthetic
            case rows = "smollm2_rows"
        }

        static func load() throws -> Golden { try Vectors.load(Golden.self, "gguf_dequant_vectors", in: .module) }
    }

    @Test("every type is dequantised to the bits of the reference", arguments: try Golden.load().synthetic)
    func synthetic(_ golden: Golden.Synthetic) throws {
        let type = try #require(GGUFTensorType(rawValue: golden.typeId))
        #expect(type.name == golden.type)
        #expect(type.blockLength == golden.block)
        #expect(type.blockBytes == golden.bytesPerBlock)
        let expected = golden.floats
        var builder = GGUFBuilder()
        builder.add("x", type, [256, expected.count / 256], bytes: golden.raw)
        let file = try GGUFFile(data: builder.build(), path: "test.gguf")
        let tensor = try file.tensor("x")

        let values = try file.dequantize(tensor)
        #expect(values.map(\.bitPattern) == expected.map(\.bitPattern))
        #expect(try file.dequantize(tensor, rows: 1..<2) == Array(expected[256..<512]))
        #expect(try file.dequantize(tensor, rows: 2..<2) == [])
    }

    @Test("float32 tensors come back as they were written, and all 18 types are covered")
    func plain() throws {
        var builder = GGUFBuilder()
        builder.add("x", [3], values: [1, -0.5, .pi])
        let file = try GGUFFile(data: builder.build(), path: "test.gguf")
        #expect(try file.dequantize(file.tensor("x")) == [1, -0.5, .pi])
        let tested = Set(try Golden.load().synthetic.map(\.typeId)).union([GGUFTensorType.f32.rawValue])
        #expect(tested == Set(GGUFTensorType.allCases.map(\.rawValue)))
    }

    @Test("rows and whole tensors of the default model agree with the reference", arguments: try Golden.load().rows)
    func modelRows(_ golden: Golden.Row) throws {
        let file = try DefaultModel.file()
        let tensor = try file.tensor(golden.tensor)
        #expect(tensor.type.name == golden.type)
        #expect(tensor.dimensions == golden.ne)
        let row = try file.dequantize(tensor, rows: golden.row..<golden.row + 1).map(Double.init)
        #expect(Array(row.prefix(16)) == golden.first16)
        let all = try file.dequantize(tensor).map(Double.init)
        for (values, sum, norm) in [(row, golden.rowSum, golden.rowL2), (all, golden.allSum, golden.allL2)] {
            #expect(abs(values.reduce(0, +) - sum) <= 1e-5 * max(1, abs(sum)))
            #expect(abs(values.reduce(0) { $0 + $1 * $1 }.squareRoot() - norm) <= 1e-5 * norm)
        }
    }

    @Test("rows outside the tensor are refused")
    func outside() throws {
        var builder = GGUFBuilder()
        builder.add("x", [2, 2], values: [1, 2, 3, 4])
        let file = try GGUFFile(data: builder.build(), path: "test.gguf")
        let tensor = try file.tensor("x")
        for rows in [0..<3, -1..<1, 5..<6] {
            #expect(throws: ModelFileError.self) { try file.dequantize(tensor, rows: rows) }
        }
    }

    @Test("several threads fill their own parts of a buffer")
    func threads() async throws {
        let file = try DefaultModel.file()
        let tensor = try file.tensor("blk.3.ffn_down.weight")
        let expected = try file.dequantize(tensor)
        let parts = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
            for start in stride(from: 0, to: tensor.rows, by: 100) {
                group.addTask {
                    let rows = start..<min(start + 100, tensor.rows)
                    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: rows.count * tensor.rowLength)
                    defer { buffer.deallocate() }
                    try file.dequantize(tensor, rows: rows, into: buffer)
                    return (start, Array(buffer))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(parts.sorted { $0.0 < $1.0 }.flatMap(\.1) == expected)
    }
}
