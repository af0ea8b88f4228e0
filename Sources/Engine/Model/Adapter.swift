import CKernels
import Foundation
import Tensors
import TrainingAPI

/// The weights of a LoRA adapter (Hu et al., 2021) as they are at one moment: y += scale * (x A) B. Never written after it was made.
final class Adapter: Sendable {
    let config: LoraConfig
    let layout: LoraLayout
    let parameters: FloatBuffer
    /// A^T and B^T of each group where A and B stand in `parameters`.
    let transposed: FloatBuffer

    init(config: LoraConfig, layout: LoraLayout, parameters: FloatBuffer) {
        self.config = config
        self.layout = layout
        self.parameters = parameters
        transposed = FloatBuffer(count: parameters.count)
        for (_, group) in layout.groups {
            ck_transpose(
                group.inputWidth, group.hiddenWidth, parameters.base + group.a, group.hiddenWidth,
                transposed.base + group.a)
            ck_transpose(
                group.paddedRank, group.outputWidth, parameters.base + group.b, group.outputWidth,
                transposed.base + group.b)
        }
    }

    /// Fresh parameters: A uniform in ±1/sqrt(inputWidth), as PEFT's default (Kaiming with a = sqrt 5) gives; B zero.
    static func initialParameters(_ layout: LoraLayout, seed: Int) -> FloatBuffer {
        let parameters = FloatBuffer(count: layout.parameterCount)
        for (index, entry) in layout.groups.enumerated() {
            let group = entry.group
            let bound = 1 / Double(group.inputWidth).squareRoot()
            for projection in group.projections.indices {
                var random = SeededRandom(seed, index, projection)
                for column in 0..<layout.rank {
                    for row in 0..<group.inputWidth {
                        let place = group.a + row * group.hiddenWidth + projection * group.paddedRank + column
                        parameters.base[place] = Float((2 * random.uniform() - 1) * bound)
                    }
                }
            }
        }
        return parameters
    }
}
