import Bench
import Foundation
import ModelFiles
import TestSupport
import Testing
import Tokenizers

/// What is measured: lengths, names, tables, random models.
@Suite struct WorkloadTests {
    @Test("sixteen lengths of the mix are the peers' ones: mean 194, maximum 644")
    func lengths() {
        // From peer_sft.py with --seqs 16 and 4.
        let expected = [33, 51, 65, 78, 91, 105, 120, 136, 155, 176, 200, 231, 270, 326, 417, 644]
        let lengths = LengthMix.lengths(count: 16, seed: 7)
        #expect(lengths.sorted() == expected)
        #expect(lengths != expected)
        #expect((Double(lengths.reduce(0, +)) / 16).rounded() == 194)
        #expect(LengthMix.lengths(count: 16, seed: 7) == lengths)
        #expect(LengthMix.lengths(count: 16, seed: 8) != lengths)
        #expect(LengthMix.lengths(count: 4, seed: 1).sorted() == [58, 113, 187, 364])
    }

    @Test("batches keep the order, lose nothing and stay within the budget; what is too long stands alone")
    func packing() {
        let lengths = LengthMix.lengths(count: 64, seed: 1)
        let batches = LengthMix.packed(lengths, budget: 2048)
        #expect(Array(batches.joined()) == lengths)
        #expect(batches.allSatisfy { $0.reduce(0, +) <= 2048 })
        #expect(LengthMix.packed([5, 30, 5], budget: 10) == [[5], [30], [5]])
        #expect(LengthMix.packed([], budget: 10).isEmpty)
    }

    @Test("names choose workloads and tables; a word before a dash chooses all of its kind; an unknown one is named")
    func selection() throws {
        func names(_ selection: BenchSelection) -> [String] { selection.cases.map(\.name) + selection.tables.map(\.name) }
        let usual = [
            "sft", "prefill", "decode-1", "decode-4", "decode-16", "decode-64", "groups-64", "tournament", "rl-step", "session",
        ]
        let tables = ["length", "batch", "rank", "threads", "size"]
        #expect(names(try BenchSelection(isQuick: false, threads: 2)) == usual)
        #expect(names(try BenchSelection(hasPipeline: true, isQuick: true, threads: 2)) == usual + ["pipeline"])
        #expect(names(try BenchSelection(hasTables: true, isQuick: true, threads: 2)) == usual + tables)
        #expect(
            names(try BenchSelection(only: ["rank", "decode"], isQuick: false, threads: 2))
                == ["decode-1", "decode-4", "decode-16", "decode-64", "rank"])
        #expect(throws: BenchError.self) { try BenchSelection(only: ["sft", "dec"], isQuick: false, threads: 2) }
    }

    @Test(
        "thread counts are powers of two and the machine's own",
        arguments: [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (8, [1, 2, 4, 8])])
    func threadCounts(threads: Int, expected: [Int]) {
        #expect(ScalingTable.threadCounts(upTo: threads) == expected)
    }

    @Test("a random model has the shape asked for and the other model's tokenizer, and is deleted again")
    func randomModel() throws {
        let tiny = try TinyModel().write()
        defer { try? FileManager.default.removeItem(atPath: tiny) }
        let shape = RandomModel.Shape(
            name: "small", layers: 3, width: 64, heads: 4, kvHeads: 2, headDimension: 32, feedForward: 96, vocabulary: 320)
        let model = try RandomModel(shape, tokenizerOf: GGUFFile(path: tiny))
        let file = try GGUFFile(path: model.path)
        let config = try ModelConfig(file)
        #expect(config.layers == 3 && config.headDimension == 32 && config.vocabularySize == 320 && config.tiedEmbeddings)
        let source = try GGUFFile(path: tiny).tokenizer()
        #expect(try file.tokenizer().encode("hello") == source.encode("hello"))
        let weights = try file.dequantize(file.tensor("blk.2.ffn_down.weight"))
        #expect(weights.allSatisfy { $0 >= -0.0301 && $0 <= 0.0301 })
        #expect(Set(weights).count == 16)
        #expect(try file.dequantize(file.tensor("output_norm.weight")).allSatisfy { $0 == 1 })
        model.remove()
        #expect(!FileManager.default.fileExists(atPath: model.path))
    }

    @Test("a random model that does not fit is refused with what it needs")
    func tooLarge() throws {
        let tiny = try TinyModel().write()
        defer { try? FileManager.default.removeItem(atPath: tiny) }
        let shape = RandomModel.Shape(
            name: "huge", layers: 1000, width: 65536, heads: 512, kvHeads: 512, headDimension: 128, feedForward: 262_144,
            vocabulary: 1 << 20)
        #expect(throws: BenchError.self) { try RandomModel(shape, tokenizerOf: GGUFFile(path: tiny)) }
    }
}
