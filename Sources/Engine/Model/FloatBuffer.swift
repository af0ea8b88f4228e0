import CKernels
import Foundation

/// Zeroed float32 memory for the kernels. Whoever holds it decides who may write when: the engine's thread is the only writer
/// while work runs, and finished buffers (weights, snapshots) are never written again. That is what makes sending it safe.
final class FloatBuffer: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int
    private let memory: KernelMemory

    init(count: Int) {
        self.count = count
        memory = KernelMemory(byteCount: max(count, 1) * MemoryLayout<Float>.stride)
        base = memory.base.assumingMemoryBound(to: Float.self)
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

    func clear() { base.update(repeating: 0, count: count) }

    /// The elements of a range, copied.
    func array(_ range: Range<Int>) -> [Float] {
        Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }
}
