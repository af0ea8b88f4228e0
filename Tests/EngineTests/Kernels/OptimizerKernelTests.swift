import CKernels
import Foundation
import Testing

extension SerialTests {
    @Suite("Kernels: optimizer")
    struct OptimizerKernelTests {
        @Test("ten AdamW steps agree with float64, whatever the number of threads", arguments: [1, 37, 40_003])
        func adamw(count: Int) throws {
            let (rate, beta1, beta2, epsilon, decay, clip) = (0.01, 0.9, 0.95, 1e-8, 0.1, 0.5)
            try withEachInstructionSet {
                var bits: [UInt32]?
                for threads in [1, 3] {
                    var weights = noise(count, 1), gradient: [Float] = []
                    var first = [Float](repeating: 0, count: count), second = first
                    var expected = weights.doubles, m = first.doubles, v = first.doubles
                    try withPool(threads) { pool in
                        for step in 1...10 {
                            gradient = noise(count, 10 + step)
                            for i in 0..<count {
                                let g = Double(gradient[i]) * clip
                                m[i] = beta1 * m[i] + (1 - beta1) * g
                                v[i] = beta2 * v[i] + (1 - beta2) * g * g
                                let unbiased = m[i] / (1 - pow(beta1, Double(step)))
                                let size = (v[i] / (1 - pow(beta2, Double(step)))).squareRoot()
                                expected[i] -= rate * decay * expected[i] + rate * unbiased / (size + epsilon)
                            }
                            var params = ck_adam(
                                learning_rate: Float(rate), beta1: Float(beta1), beta2: Float(beta2),
                                eps: Float(epsilon),
                                decay: Float(decay), correction1: Float(1 - pow(beta1, Double(step))),
                                correction2: Float(1 - pow(beta2, Double(step))), gradient_scale: Float(clip))
                            ck_adamw(pool, count, &params, &weights, &gradient, &first, &second)
                            #expect(gradient.allSatisfy { $0 == 0 })
                        }
                    }
                    #expect(distance(weights, expected) < 2e-6)
                    #expect(distance(first, m) < 1e-6)
                    #expect(distance(second, v) < 1e-6)
                    #expect(weights.bits == bits ?? weights.bits)
                    bits = weights.bits
                }
            }
        }

        @Test("the sum of squares is summed in float64")
        func sumOfSquares() {
            #expect(ck_sum_of_squares(3, [1e20, 3, 4]) == Double(Float(1e20)) * Double(Float(1e20)) + 25)
            #expect(ck_sum_of_squares(2, [3, 4]) == 25)
            #expect(ck_sum_of_squares(2, [3, .nan]).isNaN)
        }
    }
}
