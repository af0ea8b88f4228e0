import Foundation
import ModelFiles
import TestSupport
import Testing
import Tokenizers

@Suite struct ModelConfigTests {
    @Test("the default model's shape is read from its file")
    func defaultModel() throws {
        let config = try ModelConfig(DefaultModel.file())
        #expect((config.layers, config.width, config.feedForward) == (30, 576, 1536))
        #expect((config.heads, config.kvHeads, config.headDimension) == (9, 3, 64))
        #expect((config.contextLength, config.vocabularySize) == (8192, 49_152))
        #expect((config.ropeBase, Float(config.rmsEpsilon)) == (100_000, 1e-5))
        #expect(config.tiedEmbeddings)
        #expect(config.chatTemplate?.contains("<|im_start|>") == true)
    }

    @Test("a tiny model is written, opened and tokenised")
    func tinyModel() throws {
        var model = TinyModel()
        model.tiedEmbeddings = false
        let path = try model.write()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try GGUFFile(path: path)
        let config = try ModelConfig(file)
        #expect((config.name, config.layers, config.width, config.heads, config.kvHeads) == ("tiny", 2, 32, 4, 2))
        #expect((config.headDimension, config.feedForward, config.tiedEmbeddings) == (8, 64, false))
        let tokenizer = try file.tokenizer()
        #expect(tokenizer.vocabularySize == config.vocabularySize)
        #expect(tokenizer.eosToken == TinyModel.eosToken)
        let ids = tokenizer.encode("hello the<|im_end|>", parseSpecial: true)
        #expect(ids.count == 3)
        #expect(ids.last == TinyModel.eosToken)
        #expect(tokenizer.decode(ids) == "hello the<|im_end|>")
        #expect(TinyModel().build() == TinyModel().build())
    }

    @Test("an unsupported architecture, feature or tokenizer is named")
    func unsupported() throws {
        func message(_ change: (inout GGUFBuilder) -> Void) throws -> String {
            var builder = GGUFBuilder()
            change(&builder)
            let file = try GGUFFile(data: builder.build(), path: "m.gguf")
            do throws(ModelFileError) {
                _ = try ModelConfig(file)
                return "accepted"
            } catch { return error.description }
        }
        #expect(
            try message { $0.set("general.architecture", .string("mamba")) }
                == "m.gguf cannot be used: the architecture is 'mamba'; supported: llama")
        #expect(try message { _ in } == "m.gguf has no metadata 'general.architecture'")
        #expect(
            try message { $0.set("general.architecture", .integer(1)) }
                == "m.gguf is damaged or not a model file: metadata 'general.architecture' should be a string, found an integer"
        )

        var biased = TinyModel().builder()
        biased.add("blk.0.attn_q.bias", [32], values: Array(repeating: 0, count: 32))
        let file = try GGUFFile(data: biased.build(), path: "m.gguf")
        #expect(
            throws: ModelFileError.unsupported(
                file: "m.gguf", part: "a tensor", expected: "the weights of a Llama without biases",
                found: "'blk.0.attn_q.bias'")
        ) { try ModelConfig(file) }
    }

    @Test("sizes that do not fit each other or the tensors are refused")
    func inconsistent() throws {
        func open(_ change: (inout TinyModel) -> Void, _ numbers: [String: Int64] = [:]) throws -> ModelConfig {
            var model = TinyModel()
            change(&model)
            var builder = model.builder()
            for (key, value) in numbers { builder.set(key, .integer(value)) }
            return try ModelConfig(GGUFFile(data: builder.build(), path: "m.gguf"))
        }
        #expect(throws: ModelFileError.self) { try open { $0.kvHeads = 3 } }
        #expect(throws: ModelFileError.self) { try open { $0.heads = 32 } }
        #expect(throws: ModelFileError.self) { try open { $0.contextLength = 0 } }
        for value in [Int64.max, -1, 0, 16] {
            #expect(throws: ModelFileError.self) { try open({ _ in }, ["llama.attention.key_length": value]) }
        }
        #expect(throws: ModelFileError.self) { try open({ _ in }, ["llama.rope.dimension_count": 4]) }
    }
}
