import CKernels
import Testing

extension SerialTests {
    @Suite("Kernels: matrix products")
    struct MatmulTests {
        private static let shapes = [(1, 1), (5, 7), (16, 16), (17, 33), (40, 100), (48, 3), (33, 257)]

        /// One product's operands; a is [m, k], or its transpose in memory.
        private struct Product {
            var m, n, k: Int
            var aIsTransposed = false
            var isPacked = true
            var alpha: Float = 1
            var accumulates = false
            let a, b, c: [Float]

            init(m: Int, n: Int, k: Int) {
                (self.m, self.n, self.k) = (m, n, k)
                (a, b, c) = (noise(m * k, 1), noise(k * n, 2), noise(m * (n + 3), 3))
            }

            /// c after the product; its rows are three floats longer than n, which must stay as they were.
            func run(_ pool: OpaquePointer) -> [Float] {
                var packed = [Float](repeating: 0, count: ck_packed_size(k, n))
                ck_pack(pool, k, n, b, n, 1, &packed)
                var result = c
                (isPacked ? packed : b).withUnsafeBufferPointer { right in
                    let operand = ck_operand(data: right.baseAddress, stride: isPacked ? 0 : n)
                    ck_matmul(
                        pool, m, n, k, a, aIsTransposed ? 1 : k, aIsTransposed ? m : 1, operand, &result, n + 3, alpha,
                        accumulates)
                }
                return result
            }

            /// The worst error of any element, in units of its bound: each of k additions and multiplications rounds at most
            /// half a unit of the sum of absolute products, and so do alpha and the addition to c.
            func error(_ result: [Float]) -> Double {
                var worst = 0.0
                for row in 0..<m {
                    for column in 0..<n {
                        var sum = 0.0, size = 0.0
                        for i in 0..<k {
                            let term = Double(a[aIsTransposed ? i * m + row : row * k + i]) * Double(b[i * n + column])
                            sum += term
                            size += abs(term)
                        }
                        let before = accumulates ? Double(c[row * (n + 3) + column]) : 0
                        let expected = before + Double(alpha) * sum
                        let bound =
                            roundingUnit * (Double(k + 2) * abs(Double(alpha)) * size + abs(before) + abs(expected))
                        let ratio = abs(Double(result[row * (n + 3) + column]) - expected) / bound
                        worst = ratio <= worst ? worst : ratio
                    }
                    for gap in n..<n + 3 where result[row * (n + 3) + gap] != c[row * (n + 3) + gap] {
                        return .infinity
                    }
                }
                return worst
            }
        }

        @Test("a product of any shape is within the rounding bound of its float64 reference")
        func accuracy() throws {
            try withPool { pool in
                withEachInstructionSet {
                    for (n, k) in Self.shapes {
                        for m in 1...13 {
                            for options in 0..<16 {
                                var product = Product(m: m, n: n, k: k)
                                product.isPacked = options & 1 != 0
                                product.accumulates = options & 2 != 0
                                product.alpha = options & 4 != 0 ? -0.625 : 1
                                product.aIsTransposed = options & 8 != 0
                                #expect(
                                    product.error(product.run(pool)) <= 1, "m \(m) n \(n) k \(k) options \(options)")
                            }
                        }
                    }
                }
            }
        }

        @Test("a row has the same bits alone, anywhere in a batch, and with any number of threads")
        func rowInvariance() throws {
            let (m, n, k) = (101, 75, 130)
            let a = noise(m * k, 4), b = noise(k * n, 5)
            try withEachInstructionSet {
                for isPacked in [true, false] {
                    var whole: [UInt32] = []
                    for threads in 1...8 {
                        try withPool(threads) { pool in
                            var packed = [Float](repeating: 0, count: ck_packed_size(k, n))
                            ck_pack(pool, k, n, b, n, 1, &packed)
                            (isPacked ? packed : b).withUnsafeBufferPointer { right in
                                let operand = ck_operand(data: right.baseAddress, stride: isPacked ? 0 : n)
                                func rows(_ range: Range<Int>) -> [UInt32] {
                                    var c = [Float](repeating: 0, count: range.count * n)
                                    ck_matmul(
                                        pool, range.count, n, k, Array(a[range.lowerBound * k..<range.upperBound * k]),
                                        k, 1,
                                        operand, &c, n, 0.5, false)
                                    return c.bits
                                }
                                if threads == 1 { whole = rows(0..<m) }
                                #expect(rows(0..<m) == whole)
                                for count in [1, 2, 5, 7, 13, 49] {
                                    for first in stride(from: 0, through: m - count, by: 9) {
                                        #expect(
                                            rows(first..<first + count) == Array(whole[first * n..<(first + count) * n])
                                        )
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }

        @Test("a matrix and its transpose change places")
        func transpose() {
            let (rows, columns) = (21, 37)
            let source = noise(rows * (columns + 2), 6)
            var out = [Float](repeating: 0, count: rows * columns)
            ck_transpose(rows, columns, source, columns + 2, &out)
            for row in 0..<rows {
                for column in 0..<columns { #expect(out[column * rows + row] == source[row * (columns + 2) + column]) }
            }
        }
    }
}
