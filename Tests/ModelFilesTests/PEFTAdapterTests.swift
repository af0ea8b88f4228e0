import Foundation
import ModelFiles
import TestSupport
import Testing

@Suite struct PEFTAdapterTests {
    private let adapter = PEFTAdapter(
        baseModel: "SmolLM2-135M-Instruct", rank: 2, alpha: 32,
        factors: [
            .init(layer: 0, module: .query): .init(a: [1, 2, 3, 4, 5, 6], b: [1, 2, 3, 4], inputs: 3, outputs: 2),
            .init(layer: 11, module: .down): .init(a: [0, 1, 0, 1], b: [7, 8], inputs: 2, outputs: 1),
            .init(layer: 0, module: .unembedding): .init(a: [1, 1], b: [2, 2], inputs: 1, outputs: 1),
        ])

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = ScratchFolder.url.appending(path: "peft-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test("an adapter is written under PEFT's names and read back")
    func roundTrip() throws {
        try withFolder { folder in
            try adapter.write(to: folder)
            #expect(try PEFTAdapter(folder: folder) == adapter)

            let file = try SafetensorsFile(path: folder + "/adapter_model.safetensors")
            #expect(try file.tensor("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight").shape == [2, 3])
            #expect(try file.tensor("base_model.model.model.layers.11.mlp.down_proj.lora_B.weight").shape == [1, 2])
            #expect(file.hasTensor("base_model.model.lm_head.lora_A.weight"))
            #expect(file.tensors.count == 6)

            let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/adapter_config.json"))
            let config = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            #expect(config["peft_type"] as? String == "LORA")
            #expect(config["task_type"] as? String == "CAUSAL_LM")
            #expect(config["r"] as? Int == 2)
            #expect(config["lora_alpha"] as? Int == 32)
            #expect(config["lora_dropout"] as? Double == 0)
            #expect(config["bias"] as? String == "none")
            #expect(config["base_model_name_or_path"] as? String == "SmolLM2-135M-Instruct")
            #expect(config["target_modules"] as? [String] == ["q_proj", "down_proj", "lm_head"])
        }
    }

    @Test("configurations that mean other weights are refused by name")
    func unsupported() throws {
        try withFolder { folder in
            try adapter.write(to: folder)
            let path = folder + "/adapter_config.json"
            func message(_ config: String) throws -> String {
                try Data(config.utf8).write(to: URL(fileURLWithPath: path))
                do throws(ModelFileError) {
                    _ = try PEFTAdapter(folder: folder)
                    return "accepted"
                } catch { return error.description }
            }
            #expect(
                try message(#"{"peft_type":"LOHA","r":2,"lora_alpha":4}"#)
                    == "\(path) cannot be used: 'peft_type' is LOHA; supported: LORA")
            #expect(
                try message(#"{"peft_type":"LORA","r":2,"lora_alpha":4,"use_dora":true}"#)
                    == "\(path) cannot be used: 'use_dora' is true; supported: false")
            #expect(
                try message(#"{"peft_type":"LORA","r":3,"lora_alpha":4}"#)
                    .contains("should be [3, inputs], found [2,"))
            #expect(try message(#"{"peft_type":"LORA","r":0,"lora_alpha":4}"#).contains("'r' should be 1 to 65536"))
            #expect(try message("{").contains("should be JSON with a key at byte 1"))
            #expect(
                try message(#"{"peft_type":"LORA","r":2,"lora_alpha":4.5,"modules_to_save":null,"rank_pattern":{}}"#)
                    == "accepted")
        }
    }

    @Test("a missing factor, a stray tensor and a missing folder are named")
    func incomplete() throws {
        try withFolder { folder in
            try adapter.write(to: folder)
            for (name, part) in [
                ("base_model.model.model.layers.1.mlp.up_proj.lora_A.weight", "lora_B"),
                ("base_model.model.model.layers.1.mlp.up_proj.lora_C.weight", "lora_C"),
                ("base_model.model.model.layers.x.mlp.up_proj.lora_A.weight", "layers.x"),
            ] {
                var writer = SafetensorsWriter()
                writer.add(name, shape: [2, 1], [Float](arrayLiteral: 1, 2))
                try writer.write(to: folder + "/adapter_model.safetensors")
                let error = #expect(throws: ModelFileError.self) { try PEFTAdapter(folder: folder) }
                #expect(error?.description.contains(part) == true)
            }
        }
        #expect(throws: ModelFileError.self) { try PEFTAdapter(folder: "/no/such/adapter") }
    }
}
