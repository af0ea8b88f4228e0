import Foundation
import JSON

extension PEFTAdapter {
    /// Reads the adapter in a folder. What would change the result and is not supported here is refused by its name.
    public init(folder: String) throws(ModelFileError) {
        let configPath = folder + "/adapter_config.json"
        let config: JSONValue
        do {
            config = try JSONValue(parsing: Array(try FileContents.map(configPath)), depth: jsonDepth)
        } catch let error as JSONError {
            throw .malformed(
                file: configPath, part: "the file", expected: "JSON with \(error.expected) at byte \(error.offset)",
                found: "something else")
        } catch let error as ModelFileError {
            throw error
        } catch {
            throw .io(file: configPath, operation: "read", reason: "\(error)")
        }
        try Self.check(config, configPath)
        guard let rank = config["r"]?.number?.index, (1...1 << 16).contains(rank) else {
            throw .malformed(
                file: configPath, part: "'r'", expected: "1 to 65536", found: config["r"]?.brief ?? "nothing")
        }
        guard let alpha = config["lora_alpha"]?.number?.double, alpha.isFinite else {
            throw .malformed(
                file: configPath, part: "'lora_alpha'", expected: "a number",
                found: config["lora_alpha"]?.brief ?? "nothing")
        }
        self.init(
            baseModel: config["base_model_name_or_path"]?.string ?? "", rank: rank, alpha: alpha,
            factors: try Self.factors(SafetensorsFile(path: folder + "/adapter_model.safetensors"), rank: rank))
    }

    private static func check(_ config: JSONValue, _ path: String) throws(ModelFileError) {
        guard config["peft_type"] == .string("LORA") else {
            throw .unsupported(
                file: path, part: "'peft_type'", expected: "LORA",
                found: config["peft_type"].map { $0.string ?? $0.brief } ?? "missing")
        }
        // Each of these gives other weights from the same factors.
        let neutral: [(key: String, values: [JSONValue])] = [
            ("bias", [.string("none")]), ("use_dora", [.bool(false)]), ("use_rslora", [.bool(false)]),
            ("fan_in_fan_out", [.bool(false)]), ("rank_pattern", [.object([])]), ("alpha_pattern", [.object([])]),
            ("modules_to_save", [.array([])]),
        ]
        for (key, values) in neutral {
            guard let value = config[key], !values.contains(value) else { continue }
            throw .unsupported(file: path, part: "'\(key)'", expected: values[0].text, found: value.text)
        }
    }

    private static func factors(_ file: SafetensorsFile, rank: Int) throws(ModelFileError) -> [Place: Factors] {
        var halves: [Place: (a: SafetensorsFile.Tensor?, b: SafetensorsFile.Tensor?)] = [:]
        for tensor in file.tensors {
            guard let (place, isA) = place(ofKey: tensor.name) else {
                throw .unsupported(
                    file: file.path, part: "a tensor",
                    expected: "base_model.model.model.layers.N.….lora_A.weight or lora_B.weight",
                    found: "'\(tensor.name)'")
            }
            if isA {
                halves[place, default: (nil, nil)].a = tensor
            } else {
                halves[place, default: (nil, nil)].b = tensor
            }
        }
        var factors: [Place: Factors] = [:]
        for (place, half) in halves {
            guard let a = half.a else { throw .missing(file: file.path, part: "tensor '\(place.key("lora_A"))'") }
            guard let b = half.b else { throw .missing(file: file.path, part: "tensor '\(place.key("lora_B"))'") }
            guard a.shape.count == 2, a.shape[0] == rank else {
                throw .malformed(
                    file: file.path, part: "shape of '\(a.name)'", expected: "[\(rank), inputs]", found: "\(a.shape)")
            }
            guard b.shape.count == 2, b.shape[1] == rank else {
                throw .malformed(
                    file: file.path, part: "shape of '\(b.name)'", expected: "[outputs, \(rank)]", found: "\(b.shape)")
            }
            factors[place] = Factors(
                a: try file.floats(a), b: try file.floats(b), inputs: a.shape[1], outputs: b.shape[0])
        }
        return factors
    }

    /// The place that a tensor's name stands for, and whether it is the first factor.
    private static func place(ofKey key: String) -> (Place, isA: Bool)? {
        let parts = key.split(separator: ".", omittingEmptySubsequences: false)
        // Layers are numbers between dots; everything else of the name follows from the place.
        let layer = parts.count > 4 ? Int(parts[4]) ?? 0 : 0
        for module in Module.allCases {
            let place = Place(layer: layer, module: module)
            if key == place.key("lora_A") { return (place, true) }
            if key == place.key("lora_B") { return (place, false) }
        }
        return nil
    }
}
