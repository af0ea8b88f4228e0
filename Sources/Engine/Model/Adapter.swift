import CKernels
import Foundation
import Tensors
import TrainingAPI

/// The weights of a LoRA adapter (Hu et al., 2021) as they are at one moment: y += scale * (x A) B. Never written after it was made.
final class Adapter: Sendable {
    /// A group's matrices as the right-hand sides of products.
    struct Packed: Sendable {
        /// A `[inputWidth, hiddenWidth]`, and its transpose.
        let a, aTransposed: PackedMatrix
        /// Each projection's B `[paddedRank, columns]`, and its transpose.
        let b, bTransposed: [PackedMatrix]
    }

    let config: LoraConfig
    let layout: LoraLayout
    let parameters: FloatBuffer
    /// By where a group's A begins among the parameters.
    private let packed: [Int: Packed]

    init(config: LoraConfig, layout: LoraLayout, parameters: FloatBuffer) {
        self.config = config
        self.layout = layout
        self.parameters = parameters
        packed = Dictionary(uniqueKeysWithValues: layout.groups.map { ($1.a, Packed($1, parameters)) })
    }

    /// The matrices of one of the layout's groups.
    func packed(_ group: LoraGroup) -> Packed {
        guard let found = packed[group.a] else { preconditionFailure("the group belongs to another adapter") }
        return found
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

extension Adapter.Packed {
    fileprivate init(_ group: LoraGroup, _ parameters: FloatBuffer) {
        func pair(_ offset: Int, rows: Int, columns: Int, stride: Int) -> (PackedMatrix, PackedMatrix) {
            let plain = PackedMatrix(rows: rows, columns: columns)
            let transposed = PackedMatrix(rows: columns, columns: rows)
            let source = UnsafePointer(parameters.base + offset)
            plain.pack(
                ck_block(
                    first_k: 0, k: rows, first_n: 0, n: columns, source: source, k_stride: stride, n_stride: 1), nil)
            transposed.pack(
                ck_block(
                    first_k: 0, k: columns, first_n: 0, n: rows, source: source, k_stride: 1, n_stride: stride), nil)
            return (plain, transposed)
        }
        (a, aTransposed) = pair(group.a, rows: group.inputWidth, columns: group.hiddenWidth, stride: group.hiddenWidth)
        let parts = group.projections.map {
            pair(
                group.b + $0.columns.lowerBound, rows: group.paddedRank, columns: $0.columns.count,
                stride: group.outputWidth)
        }
        (b, bTransposed) = (parts.map(\.0), parts.map(\.1))
    }
}
