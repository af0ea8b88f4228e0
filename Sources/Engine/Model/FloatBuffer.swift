import CKernels
import Foundation

/// Zeroed float32 memory for the kernels. Whoever holds it decides who may write when: the engine's thread is the only writer
/// while work runs, and finished buffers (weights, snapshots) are never written again. That is what makes sending it safe.
final class FloatBuffer: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    init(count: Int) {
        self.count = count
        // Pages of fresh memory are zero and cost nothing before they are used: a buffer may be made larger than needed now.
        guard let memory = calloc(max(count, 1), MemoryLayout<Float>.stride) else {
            preconditionFailure("no memory for \(count) numbers")
        }
        base = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    convenience init(copying other: FloatBuffer) {
        self.init(count: other.count)
        base.update(from: other.base, count: count)
    }

    convenience init(_ values: [Float]) {
        self.init(count: values.count)
        values.withUnsafeBufferPointer { source in
            if let address = source.baseAddress { base.update(from: address, count: source.count) }
        }
    }

    deinit { free(base) }

    func clear() { base.update(repeating: 0, count: count) }

    /// The elements of a range, copied.
    func array(_ range: Range<Int>) -> [Float] {
        Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }
}
