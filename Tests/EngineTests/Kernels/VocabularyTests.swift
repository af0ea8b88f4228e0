import CKernels
import Foundation
import Testing

extension SerialTests {
    @Suite("Kernels: vocabulary")
    struct VocabularyTests {
        private static func logSumExp(_ row: some Collection<Double>) -> Double {
            let top = row.max() ?? -.infinity
            return top + log(row.reduce(0) { $0 + exp($1 - top) })
        }

        private static func logSumExp(_ pool: OpaquePointer, _ row: [Float]) -> Float {
            var lse: Float = 0
            ck_log_sum_exp(pool, 1, row.count, row, &lse)
            return lse
        }

        /// e^x, which the gradient of one target's logprob shows beside the target.
        private static func exponentials(_ pool: OpaquePointer, _ x: [Float]) -> [Float] {
            var row = [0] + x
            ck_logits_gradient(pool, 1, row.count, 1, [0], [-1], [0], &row)
            return Array(row.dropFirst())
        }

        @Test("the exponential is within 2 units in the last place of float64")
        func exponential() throws {
            let x = stride(from: -86.9, to: 87.9, by: 0.00717).map { Float($0) }
            try withPool { pool in
                withEachInstructionSet {
                    let worst = zip(x, Self.exponentials(pool, x)).map { x, value in
                        abs(Double(value) / exp(Double(x)) - 1)
                    }.max()
                    #expect((worst ?? 1) < 2 * 0x1p-23)
                }
            }
        }

        @Test("the exponential of extremes is 0, large or NaN, never garbage")
        func exponentialExtremes() throws {
            try withPool { pool in
                withEachInstructionSet {
                    let x: [Float] = [-.infinity, -1e30, -200, -87.5, 0, -0.0, 89, 1e30, .nan, -.nan]
                    let values = Self.exponentials(pool, x)
                    #expect(values[0..<4].allSatisfy { $0 == 0 })
                    #expect(values[4] == 1 && values[5] == 1)
                    #expect(values[6] > 1e38 && values[7] > 1e38)
                    #expect(values[8].isNaN && values[9].isNaN)
                }
            }
        }

        @Test("log-sum-exp agrees with float64 for logits of any size, and NaN stays NaN")
        func logSumExp() throws {
            try withPool { pool in
                withEachInstructionSet {
                    for count in [1, 7, 8, 267, 4001] {
                        for shift in [Float(0), 1000, -1000] {
                            var row = noise(count, 1, scale: 10).map { $0 + shift }
                            #expect(abs(Double(Self.logSumExp(pool, row)) - Self.logSumExp(row.doubles)) < 1e-4)
                            row[count / 2] = -.infinity
                            if count > 1 {
                                #expect(abs(Double(Self.logSumExp(pool, row)) - Self.logSumExp(row.doubles)) < 1e-4)
                            }
                            row[count / 2] = .nan
                            #expect(Self.logSumExp(pool, row).isNaN)
                        }
                    }
                }
            }
        }

        @Test("the gradient of logits agrees with float64, with several targets and the same one twice")
        func logitsGradient() throws {
            let (rows, vocabulary, targets) = (5, 29, 3)
            let logits = noise(rows * vocabulary, 2, scale: 4), g = noise(rows * targets, 3)
            var target = (0..<Int32(rows * targets)).map { ($0 * 11) % Int32(vocabulary) }
            target[1] = target[0]
            try withPool { pool in
                withEachInstructionSet {
                    var lse = [Float](repeating: 0, count: rows), gradient = logits
                    ck_log_sum_exp(pool, rows, vocabulary, logits, &lse)
                    ck_logits_gradient(pool, rows, vocabulary, targets, target, g, lse, &gradient)
                    for row in 0..<rows {
                        let range = row * vocabulary..<(row + 1) * vocabulary
                        let expected = finiteDifferences(at: logits[range].doubles) { logits in
                            (0..<targets).reduce(0) { sum, k in
                                let logprob = logits[Int(target[row * targets + k])] - Self.logSumExp(logits)
                                return sum + Double(g[row * targets + k]) * logprob
                            }
                        }
                        #expect(distance(gradient[range], expected) < 2e-6)
                    }
                }
            }
        }
    }
}
