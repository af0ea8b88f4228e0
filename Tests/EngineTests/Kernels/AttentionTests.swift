import CKernels
import Foundation
import Testing

extension SerialTests {
    @Suite("Kernels: attention")
    struct AttentionTests {
        /// Sizes that are no multiples of a vector, with two query heads for each key.
        private static let heads = 4, kvHeads = 2, head = 6
        private static let rowWidth = (heads + 2 * kvHeads) * head
        private static let lengths = [1, 5, 19]

        /// Causal attention over one sequence in float64: [q | k | v] by row gives `heads * head` numbers by row.
        private static func attend(_ qkv: [Double]) -> [Double] {
            let rows = qkv.count / rowWidth
            var out = [Double](repeating: 0, count: rows * heads * head)
            for row in 0..<rows {
                for h in 0..<heads {
                    let kv = h / (heads / kvHeads)
                    let q = qkv[row * rowWidth + h * head..<row * rowWidth + (h + 1) * head]
                    let weights = (0...row).map { j in
                        let key = j * rowWidth + (heads + kv) * head
                        return exp(q.dot(qkv[key..<key + head]) / Double(head).squareRoot())
                    }
                    for j in 0...row {
                        for i in 0..<head {
                            out[(row * heads + h) * head + i] +=
                                weights[j] / weights.reduce(0, +)
                                * qkv[j * rowWidth + (heads + kvHeads + kv) * head + i]
                        }
                    }
                }
            }
            return out
        }

        /// The kernel's forward pass over sequences, the keys of each cut into segments of at most `segment`.
        private func forward(_ pool: OpaquePointer, _ qkv: [Float], segment: Int) -> (out: [Float], lse: [Float]) {
            let rows = Self.lengths.reduce(0, +), kvWidth = Self.kvHeads * Self.head
            var out = [Float](repeating: .nan, count: rows * Self.heads * Self.head)
            var lse = [Float](repeating: .nan, count: rows * Self.heads)
            qkv.withUnsafeBufferPointer { qkv in
                var segments: [ck_kv_segment] = [], firsts: [Int] = [], start = 0
                for length in Self.lengths {
                    firsts.append(segments.count)
                    for first in stride(from: 0, to: length, by: segment) {
                        segments.append(
                            ck_kv_segment(
                                base: qkv.baseAddress! + (start + first) * Self.rowWidth + Self.heads * Self.head,
                                layer_stride: 0, stride: Self.rowWidth, v_offset: kvWidth,
                                count: Int32(min(segment, length - first))))
                    }
                    start += length
                }
                segments.withUnsafeBufferPointer { segments in
                    let queries = zip(Self.lengths, firsts).flatMap { length, first in
                        (1...length).map {
                            ck_attention_row(segments: segments.baseAddress! + first, length: Int32($0))
                        }
                    }
                    queries.withUnsafeBufferPointer { queries in
                        out.withUnsafeMutableBufferPointer { out in
                            lse.withUnsafeMutableBufferPointer { lse in
                                var args = ck_attention(
                                    rows: rows, heads: Self.heads, kv_heads: Self.kvHeads, head: Self.head, layer: 0,
                                    row: queries.baseAddress, q: qkv.baseAddress, q_stride: Self.rowWidth,
                                    out: out.baseAddress, lse: lse.baseAddress)
                                ck_attend(pool, &args)
                            }
                        }
                    }
                }
            }
            return (out, lse)
        }

        private func sequences<Element>(_ values: [Element], width: Int) -> [ArraySlice<Element>] {
            var first = 0
            return Self.lengths.map { length in
                defer { first += length * width }
                return values[first..<first + length * width]
            }
        }

        @Test("causal attention agrees with float64, with the same bits however the keys are stored")
        func forward() throws {
            let qkv = noise(Self.lengths.reduce(0, +) * Self.rowWidth, 1, scale: 2)
            try withEachInstructionSet {
                var first: [UInt32]?
                for (threads, segment) in [(1, 100), (2, 1), (3, 4), (8, 7)] {
                    try withPool(threads) { pool in
                        let result = forward(pool, qkv, segment: segment)
                        #expect(result.out.bits == first ?? result.out.bits)
                        first = result.out.bits
                        let out = sequences(result.out, width: Self.heads * Self.head)
                        for (got, input) in zip(out, sequences(qkv, width: Self.rowWidth)) {
                            #expect(distance(got, Self.attend(input.doubles)) < 2e-6)
                        }
                    }
                }
            }
        }

        @Test("the backward pass agrees with finite differences and is the same for any number of threads")
        func backward() throws {
            let rows = Self.lengths.reduce(0, +)
            let qkv = noise(rows * Self.rowWidth, 2), dout = noise(rows * Self.heads * Self.head, 3)
            let starts: [Int32] = [0, 1, 6, 25]
            try withEachInstructionSet {
                var first: [UInt32]?
                for threads in [1, 3] {
                    try withPool(threads) { pool in
                        let (out, lse) = forward(pool, qkv, segment: 100)
                        // The kernel writes every gradient: what stood there before must not matter.
                        var gradient = [Float](repeating: .nan, count: qkv.count)
                        starts.withUnsafeBufferPointer { starts in
                            qkv.withUnsafeBufferPointer { qkv in
                                out.withUnsafeBufferPointer { out in
                                    dout.withUnsafeBufferPointer { dout in
                                        lse.withUnsafeBufferPointer { lse in
                                            gradient.withUnsafeMutableBufferPointer { gradient in
                                                var args = ck_attention_gradient(
                                                    sequences: Self.lengths.count, heads: Self.heads,
                                                    kv_heads: Self.kvHeads, head: Self.head, first: starts.baseAddress,
                                                    qkv: qkv.baseAddress, out: out.baseAddress, dout: dout.baseAddress,
                                                    lse: lse.baseAddress, dqkv: gradient.baseAddress)
                                                ck_attend_backward(pool, &args)
                                            }
                                        }
                                    }
                                }
                            }
                        }
                        #expect(gradient.bits == first ?? gradient.bits)
                        first = gradient.bits
                        guard threads == 1 else { return }
                        let inputs = sequences(qkv, width: Self.rowWidth)
                        let outputs = sequences(dout, width: Self.heads * Self.head)
                        for (got, (input, dout)) in zip(sequences(gradient, width: Self.rowWidth), zip(inputs, outputs)) {
                            let expected = finiteDifferences(at: input.doubles) { Self.attend($0).dot(dout.doubles) }
                            #expect(distance(got, expected) < 5e-6)
                        }
                    }
                }
            }
        }
    }
}
