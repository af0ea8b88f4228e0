import TrainingAPI

/// A tensor of an adapter as PEFT files hold it.
struct NamedMatrix: Sendable {
    let name: String
    let shape: [Int]
    let values: [Float]
}

extension LoraLayout {
    /// The padded, grouped parameters as PEFT's matrices: `lora_A.weight` `[rank, input]`, `lora_B.weight` `[output, rank]`, the
    /// outputs of rotary projections in Hugging Face's order of half-and-half pairs.
    func matrices(of buffer: FloatBuffer) -> [NamedMatrix] {
        modules.flatMap { module in
            var a = [Float](repeating: 0, count: rank * module.group.inputWidth)
            var b = [Float](repeating: 0, count: module.outputs.count * rank)
            forEachElement(of: module) { place, index, isA in
                if isA { a[index] = buffer.base[place] } else { b[index] = buffer.base[place] }
            }
            return [
                NamedMatrix(name: module.name + ".lora_A.weight", shape: [rank, module.group.inputWidth], values: a),
                NamedMatrix(name: module.name + ".lora_B.weight", shape: [module.outputs.count, rank], values: b),
            ]
        }
    }

    /// The reverse of `matrices`: throws `checkpointMismatch` if one is missing or has another shape.
    func buffer(from matrices: [String: NamedMatrix]) throws(TrainingError) -> FloatBuffer {
        let buffer = FloatBuffer(count: parameterCount)
        for module in modules {
            let a = try matrix(module.name + ".lora_A.weight", [rank, module.group.inputWidth], matrices)
            let b = try matrix(module.name + ".lora_B.weight", [module.outputs.count, rank], matrices)
            forEachElement(of: module) { place, index, isA in
                buffer.base[place] = isA ? a.values[index] : b.values[index]
            }
        }
        return buffer
    }

    private struct Module {
        let name: String
        let group: LoraGroup
        let index: Int
        var projection: LoraGroup.Projection { group.projections[index] }
        var outputs: Range<Int> { projection.columns }
    }

    private var modules: [Module] {
        named.flatMap { prefix, group in
            group.projections.indices.map { index in
                let module = group.projections[index].module
                return Module(
                    name: "base_model.model." + (prefix.isEmpty ? module : "model." + prefix.dropFirst("model.".count) + module),
                    group: group, index: index)
            }
        }
    }

    private func matrix(
        _ name: String, _ shape: [Int], _ matrices: [String: NamedMatrix]
    ) throws(TrainingError) -> NamedMatrix {
        guard let matrix = matrices[name] else { throw .checkpointMismatch("the checkpoint lacks \(name)") }
        guard matrix.shape == shape else {
            throw .checkpointMismatch("\(name) has shape \(matrix.shape), expected \(shape)")
        }
        return matrix
    }

    /// Pairs each place in the flat parameters with the index in PEFT's A or B.
    private func forEachElement(of module: Module, _ body: (_ place: Int, _ index: Int, _ isA: Bool) -> Void) {
        let group = module.group
        for input in 0..<group.inputWidth {
            for r in 0..<rank {
                let place = group.a + input * group.hiddenWidth + module.index * group.paddedRank + r
                body(place, r * group.inputWidth + input, true)
            }
        }
        let heads = module.projection.rotaryHeads
        let headSize = heads > 0 ? module.outputs.count / heads : 0
        for output in 0..<module.outputs.count {
            var exported = output
            if heads > 0 {
                // Here pairs are neighbours (2j, 2j + 1); in PEFT files they are half a head apart (j, j + headSize / 2).
                let (head, within) = output.quotientAndRemainder(dividingBy: headSize)
                exported = head * headSize + (within % 2) * headSize / 2 + within / 2
            }
            for r in 0..<rank {
                let place = group.b + r * group.outputWidth + module.outputs.lowerBound + output
                body(place, exported * rank + r, false)
            }
        }
    }
}
