import CKernels
import Testing

extension SerialTests {
    @Suite("Kernels: matrix products")
    struct MatmulTests {
        private static let shapes = [(1, 1), (5, 7), (16, 16), (17, 33), (40, 100), (48, 3), (33, 257), (130, 10)]
        private static let formats = [ck_float_rows, ck_float_panels, ck_bf16_panels]
        /// The rounding unit of bfloat16.
        private static let bfloat16Unit = 0x1p-8

        /// One product's operands; a is [m, k], or its transpose in memory.
        private struct Product {
            var m, n, k: Int
            var aIsTransposed = false
            var format = ck_float_panels
            var alpha: Float = 1
            var accumulates = false
            let a, b, c: [Float]

            init(m: Int, n: Int, k: Int) {
                (self.m, self.n, self.k) = (m, n, k)
                (a, b, c) = (noise(m * k, 1), noise(k * n, 2), noise(m * (n + 3), 3))
            }

            /// The operand in memory.
            func right(_ pool: OpaquePointer) -> [Float] {
                if format == ck_float_rows { return b }
                var packed = [Float](repeating: 0, count: ck_packed_bytes(format, k, n) / 4)
                b.withUnsafeBufferPointer { b in
                    let block = ck_block(
                        first_k: 0, k: k, first_n: 0, n: n, source: b.baseAddress, k_stride: n, n_stride: 1)
                    ck_pack(pool, format, k, block, &packed)
                }
                return packed
            }

            /// c after the product; its rows are three floats longer than n, which must stay as they were.
            func run(_ pool: OpaquePointer) -> [Float] {
                var result = c
                multiply(pool, right(pool), rows: 0..<m, &result)
                return result
            }

            /// Some rows of the product.
            func multiply(_ pool: OpaquePointer, _ right: [Float], rows: Range<Int>, _ c: inout [Float]) {
                a.withUnsafeBufferPointer { a in
                    right.withUnsafeBufferPointer { right in
                        c.withUnsafeMutableBufferPointer { c in
                            let operand = ck_operand(data: right.baseAddress, stride: n, format: format)
                            let start = a.baseAddress.map { $0 + rows.lowerBound * (aIsTransposed ? 1 : k) }
                            var product = ck_product(
                                m: rows.count, n: n, k: k, a: start, a_row: aIsTransposed ? 1 : k,
                                a_column: aIsTransposed ? m : 1, b: operand, c: c.baseAddress, c_stride: n + 3,
                                alpha: alpha, accumulate: accumulates)
                            ck_multiply(pool, 1, &product)
                        }
                    }
                }
            }

            /// The worst error of any element, in units of its bound: each of k additions and multiplications rounds at most
            /// half a unit of the sum of absolute products, and so do alpha and the addition to c. With bf16 weights these,
            /// and on some machines the rows, are the exact ones after one rounding.
            func error(_ result: [Float], roundsRows: Bool) -> Double {
                let weights = format == ck_bf16_panels ? b.map(\.roundedToBFloat16) : b
                let rows = format == ck_bf16_panels && roundsRows ? a.map(\.roundedToBFloat16) : a
                var worst = 0.0
                for row in 0..<m {
                    for column in 0..<n {
                        var sum = 0.0, size = 0.0
                        for i in 0..<k {
                            let left = rows[aIsTransposed ? i * m + row : row * k + i]
                            let term = Double(left) * Double(weights[i * n + column])
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

        /// Whether a variant multiplies bf16 weights with rows rounded to bf16.
        private static func roundsRows(_ name: String = String(cString: ck_instruction_set())) -> Bool {
            name.hasPrefix("avx512bf16")
        }

        @Test("a product of any shape is within the rounding bound of its float64 reference")
        func accuracy() throws {
            try withPool { pool in
                withEachInstructionSet {
                    for (n, k) in Self.shapes {
                        for (index, m) in [1, 2, 3, 4, 5, 6, 7, 9, 13, 70].enumerated() {
                            for options in 0..<8 {
                                var product = Product(m: m, n: n, k: k)
                                product.format = Self.formats[(index + options) % 3]
                                product.accumulates = options & 1 != 0
                                product.alpha = options & 2 != 0 ? -0.625 : 1
                                product.aIsTransposed = options & 4 != 0
                                #expect(
                                    product.error(product.run(pool), roundsRows: Self.roundsRows()) <= 1,
                                    "m \(m) n \(n) k \(k) options \(options) \(product.format)")
                            }
                        }
                    }
                }
            }
        }

        @Test("a row has the same bits alone, anywhere in a batch, and with any number of threads")
        func rowInvariance() throws {
            var product = Product(m: 101, n: 75, k: 131)
            let width = product.n + 3
            try withEachInstructionSet {
                for format in Self.formats {
                    product.format = format
                    var whole: [UInt32] = []
                    for threads in [1, 2, 3, 8] {
                        try withPool(threads) { pool in
                            let right = product.right(pool)
                            func rows(_ range: Range<Int>) -> [UInt32] {
                                var c = [Float](repeating: 0, count: range.count * width)
                                product.multiply(pool, right, rows: range, &c)
                                return c.bits
                            }
                            if threads == 1 { whole = rows(0..<product.m) }
                            #expect(rows(0..<product.m) == whole)
                            for count in [1, 2, 3, 4, 5, 7, 13, 49] {
                                for first in stride(from: 0, through: product.m - count, by: 9) {
                                    let range = first * width..<(first + count) * width
                                    #expect(rows(first..<first + count) == Array(whole[range]))
                                }
                            }
                        }
                    }
                }
            }
        }

        @Test("instruction sets agree with each other within the roundings that tell them apart")
        func agreement() throws {
            try withPool { pool in
                for format in Self.formats {
                    var product = Product(m: 7, n: 40, k: 300)
                    product.format = format
                    var results: [(name: String, values: [Float])] = []
                    withEachInstructionSet {
                        results.append((String(cString: ck_instruction_set()), product.run(pool)))
                    }
                    // 300 products of numbers below 1: each sum is off by no more than this.
                    let exact = 300 * 300 * roundingUnit, rounded = 300 * Self.bfloat16Unit / 2
                    for one in results {
                        for other in results {
                            let isRounded = format == ck_bf16_panels && Self.roundsRows(one.name) != Self.roundsRows(other.name)
                            #expect(distance(one.values, other.values.doubles) <= (isRounded ? rounded : exact))
                        }
                    }
                    // The emulation follows the instruction bit by bit; where there is one, it must show.
                    let dots = results.filter { Self.roundsRows($0.name) }.map(\.values.bits)
                    if format == ck_bf16_panels { #expect(Set(dots).count == 1) }
                }
            }
        }

        @Test("products that are computed side by side are those computed one by one")
        func together() throws {
            let shapes = (0..<70).map { (m: 1 + $0 % 9, n: 1 + ($0 * 7) % 50, k: 1 + ($0 * 5) % 40) }
            let products = shapes.enumerated().map { index, shape in
                var product = Product(m: shape.m, n: shape.n, k: shape.k)
                product.format = Self.formats[index % 3]
                return product
            }
            try withPool(3) { pool in
                withEachInstructionSet {
                    let alone = products.map { $0.run(pool) }
                    let buffers = products.map { product in
                        (
                            a: UnsafeMutablePointer<Float>.copy(product.a),
                            b: UnsafeMutablePointer<Float>.copy(product.right(pool)),
                            c: UnsafeMutablePointer<Float>.copy(product.c)
                        )
                    }
                    let calls = zip(products, buffers).map { product, buffer in
                        ck_product(
                            m: product.m, n: product.n, k: product.k, a: buffer.a, a_row: product.k, a_column: 1,
                            b: ck_operand(data: buffer.b, stride: product.n, format: product.format), c: buffer.c,
                            c_stride: product.n + 3, alpha: 1, accumulate: false)
                    }
                    ck_multiply(pool, calls.count, calls)
                    for (buffer, expected) in zip(buffers, alone) {
                        #expect(Array(UnsafeBufferPointer(start: buffer.c, count: expected.count)) == expected)
                        buffer.a.deallocate()
                        buffer.b.deallocate()
                        buffer.c.deallocate()
                    }
                }
            }
        }

        @Test("a matrix packed block by block is the one packed at once, and its rows are found again")
        func packing() throws {
            let (k, n) = (37, 45)
            let source = noise(k * n, 8)
            try withPool(3) { pool in
                for format in [ck_float_panels, ck_bf16_panels] {
                    func packed(_ cuts: (k: [Int], n: [Int])) -> [Float] {
                        var memory = [Float](repeating: 0, count: ck_packed_bytes(format, k, n) / 4)
                        source.withUnsafeBufferPointer { source in
                            for (k0, k1) in zip(cuts.k, cuts.k.dropFirst()) {
                                for (n0, n1) in zip(cuts.n, cuts.n.dropFirst()) {
                                    let block = ck_block(
                                        first_k: k0, k: k1 - k0, first_n: n0, n: n1 - n0,
                                        source: source.baseAddress.map { $0 + k0 * n + n0 }, k_stride: n, n_stride: 1)
                                    ck_pack(pool, format, k, block, &memory)
                                }
                            }
                        }
                        return memory
                    }
                    let whole = packed(([0, k], [0, n]))
                    #expect(packed(([0, 5, 6, k], [0, 3, 16, 33, n])).bits == whole.bits)
                    let ids: [Int32] = [36, 0, 1, 17, 17]
                    var rows = [Float](repeating: .nan, count: ids.count * n)
                    whole.withUnsafeBufferPointer { whole in
                        let operand = ck_operand(data: whole.baseAddress, stride: 0, format: format)
                        ck_gather(ids.count, ids, k, n, operand, &rows)
                    }
                    let expected = ids.flatMap { source[Int($0) * n..<(Int($0) + 1) * n] }
                    #expect(rows == (format == ck_bf16_panels ? expected.map(\.roundedToBFloat16) : expected))
                }
            }
        }

        @Test("weights are rounded to the nearest bfloat16, ties to even; infinities and NaN stay what they are")
        func rounding() throws {
            let values: [Float] = [
                1, 1 + 0x1p-8, 1 + 0x1p-8 + 0x1p-20, 1 + 3 * 0x1p-8, -1 - 0x1p-8, .infinity, -.infinity, 3.4e38, 0x1p-130,
                .nan, Float(bitPattern: 0x7f80_0001),
            ]
            let expected: [Float] = [
                1, 1, 1 + 0x1p-7, 1 + 0x1p-6, -1, .infinity, -.infinity, .infinity, 0x1p-130, .nan, .nan,
            ]
            var packed = [Float](repeating: 0, count: ck_packed_bytes(ck_bf16_panels, values.count, 1) / 4)
            var rows = [Float](repeating: 0, count: values.count)
            values.withUnsafeBufferPointer { values in
                let block = ck_block(
                    first_k: 0, k: values.count, first_n: 0, n: 1, source: values.baseAddress, k_stride: 1, n_stride: 1)
                ck_pack(nil, ck_bf16_panels, values.count, block, &packed)
            }
            packed.withUnsafeBufferPointer { packed in
                let operand = ck_operand(data: packed.baseAddress, stride: 0, format: ck_bf16_panels)
                ck_gather(values.count, Array(0..<Int32(values.count)), values.count, 1, operand, &rows)
            }
            for (got, wanted) in zip(rows, expected) { #expect(wanted.isNaN ? got.isNaN : got == wanted) }
        }
    }
}

extension Float {
    /// The nearest number of 8 significant bits, ties to even: 16 bits of the pattern stay.
    fileprivate var roundedToBFloat16: Float {
        let quotient = (self / ulp / 0x1p16).rounded(.toNearestOrEven)
        return quotient * ulp * 0x1p16
    }
}

extension UnsafeMutablePointer<Float> {
    /// A copy of the numbers, which the caller frees.
    fileprivate static func copy(_ values: [Float]) -> UnsafeMutablePointer<Float> {
        let memory = UnsafeMutablePointer<Float>.allocate(capacity: values.count)
        memory.initialize(from: values, count: values.count)
        return memory
    }
}
