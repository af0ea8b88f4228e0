import ModelFiles
import TrainingAPI

extension LoraLayout {
    /// The padded, grouped parameters as PEFT's factors, the outputs of rotary projections in Hugging Face's order.
    func factors(of buffer: FloatBuffer) -> [PEFTAdapter.Place: PEFTAdapter.Factors] {
        var result: [PEFTAdapter.Place: PEFTAdapter.Factors] = [:]
        for entry in projections {
            var factors = PEFTAdapter.Factors(
                a: [Float](repeating: 0, count: rank * entry.inputs),
                b: [Float](repeating: 0, count: entry.outputs * rank),
                inputs: entry.inputs, outputs: entry.outputs)
            forEachElement(of: entry) { place, index, isA in
                if isA { factors.a[index] = buffer.base[place] } else { factors.b[index] = buffer.base[place] }
            }
            result[entry.place] = factors
        }
        return result
    }

    /// The reverse of `factors(of:)`. Throws `checkpointMismatch` if a projection is missing, unknown or of another size.
    func buffer(from factors: [PEFTAdapter.Place: PEFTAdapter.Factors]) throws(TrainingError) -> FloatBuffer {
        let entries = projections
        let known = Set(entries.map(\.place))
        if let stranger = factors.keys.filter({ !known.contains($0) }).min() {
            throw .checkpointMismatch(
                "the checkpoint adapts \(stranger.module.rawValue) of layer \(stranger.layer), which this model lacks")
        }
        let buffer = FloatBuffer(count: parameterCount)
        for entry in entries {
            guard let found = factors[entry.place] else {
                throw .checkpointMismatch(
                    "the checkpoint lacks \(entry.place.module.rawValue) of layer \(entry.place.layer)")
            }
            guard found.inputs == entry.inputs, found.outputs == entry.outputs else {
                throw .checkpointMismatch(
                    "\(entry.place.module.rawValue) of layer \(entry.place.layer) is \(found.inputs)x\(found.outputs) in the "
                        + "checkpoint, expected \(entry.inputs)x\(entry.outputs)")
            }
            forEachElement(of: entry) { place, index, isA in
                buffer.base[place] = isA ? found.a[index] : found.b[index]
            }
        }
        return buffer
    }

    private struct Entry {
        let place: PEFTAdapter.Place
        let group: LoraGroup
        let index: Int
        var projection: LoraGroup.Projection { group.projections[index] }
        var inputs: Int { group.inputWidth }
        var outputs: Int { projection.columns.count }
    }

    private var projections: [Entry] {
        groups.flatMap { layer, group in
            group.projections.indices.map { index in
                Entry(place: .init(layer: layer, module: group.projections[index].module), group: group, index: index)
            }
        }
    }

    /// Pairs each place in the flat parameters with the index in PEFT's A `[rank, inputs]` or B `[outputs, rank]`.
    private func forEachElement(of entry: Entry, _ body: (_ place: Int, _ index: Int, _ isA: Bool) -> Void) {
        let group = entry.group
        for input in 0..<entry.inputs {
            for r in 0..<rank {
                let place = group.a + input * group.hiddenWidth + entry.index * group.paddedRank + r
                body(place, r * entry.inputs + input, true)
            }
        }
        let heads = entry.projection.rotaryHeads
        let headSize = heads > 0 ? entry.outputs / heads : 0
        for output in 0..<entry.outputs {
            var exported = output
            if heads > 0 {
                // GGUF rotates neighbours (2j, 2j + 1); Hugging Face rotates j and j + headSize / 2.
                let (head, within) = output.quotientAndRemainder(dividingBy: headSize)
                exported = head * headSize + (within % 2) * headSize / 2 + within / 2
            }
            for r in 0..<rank {
                let place = group.b + r * group.outputWidth + entry.projection.columns.lowerBound + output
                body(place, exported * rank + r, false)
            }
        }
    }
}

extension LoraConfig {
    /// What a saved adapter was made with. The seed is not kept: the weights are.
    init(of adapter: PEFTAdapter) {
        let modules = Set(adapter.factors.keys.map(\.module))
        self.init(
            rank: adapter.rank, trainMlp: modules.contains(.gate), trainAttn: modules.contains(.query),
            trainUnembed: modules.contains(.unembedding))
    }
}
