import CKernels
import Foundation
import Testing

extension SerialTests {
    @Suite("Kernels: norms, gates and rotations")
    struct RowKernelTests {
        private static let widths = [1, 7, 8, 30, 64]
        private static let rows = 11
        private static let epsilon = 1e-5

        private static func norm(_ x: [Double], _ weight: [Double]) -> [Double] {
            let scale = 1 / (x.dot(x) / Double(x.count) + epsilon).squareRoot()
            return zip(x, weight).map { $0 * scale * $1 }
        }

        private static func gated(_ gateUp: [Double]) -> [Double] {
            let width = gateUp.count / 2
            return (0..<width).map { gateUp[$0] / (1 + exp(-gateUp[$0])) * gateUp[width + $0] }
        }

        @Test("the root-mean-square norm and its derivative agree with float64", arguments: widths)
        func rmsNorm(width: Int) throws {
            let rows = Self.rows
            let x = noise(rows * width, 1, scale: 3), weight = noise(width, 2), dout = noise(rows * width, 3)
            let before = noise(rows * width, 4)
            try withPool { pool in
                withEachInstructionSet {
                    var out = x, inverse = [Float](repeating: 0, count: rows), dx = before
                    ck_rms_norm(pool, rows, width, Float(Self.epsilon), x, weight, &out, &inverse)
                    ck_rms_norm_backward(pool, rows, width, x, weight, inverse, dout, &dx)
                    for row in 0..<rows {
                        let range = row * width..<(row + 1) * width
                        let input = x[range].doubles
                        #expect(distance(out[range], Self.norm(input, weight.doubles)) < 1e-6)
                        let gradient = finiteDifferences(at: input) {
                            Self.norm($0, weight.doubles).dot(dout[range].doubles)
                        }
                        let expected = zip(before[range].doubles, gradient).map { $0 + $1 }
                        // At width 1 the derivative is nearly 0 because large numbers cancel.
                        #expect(distance(dx[range], expected) < 3e-6 * (1 + Double(inverse[row])))
                    }
                }
            }
        }

        @Test("the SiLU gate and its derivative agree with float64", arguments: widths)
        func swiglu(width: Int) throws {
            let rows = Self.rows
            let gateUp = noise(rows * 2 * width, 5, scale: 6), dh = noise(rows * width, 6)
            try withPool { pool in
                withEachInstructionSet {
                    var h = [Float](repeating: 0, count: rows * width), gradient = gateUp
                    ck_swiglu(pool, rows, width, gateUp, &h)
                    ck_swiglu_backward(pool, rows, width, &gradient, dh)
                    for row in 0..<rows {
                        let range = row * width..<(row + 1) * width, both = row * 2 * width..<(row + 1) * 2 * width
                        let input = gateUp[both].doubles
                        #expect(distance(h[range], Self.gated(input)) < 1e-5)
                        let expected = finiteDifferences(at: input) { Self.gated($0).dot(dh[range].doubles) }
                        #expect(distance(gradient[both], expected) < 1e-5)
                    }
                }
            }
        }

        @Test("a gate far from 0 is open or shut, and never NaN")
        func saturatedGate() throws {
            try withPool { pool in
                withEachInstructionSet {
                    for (gate, expected) in [(Float(-200), Float(0)), (-90, 0), (90, 180), (3e4, 6e4)] {
                        var h: [Float] = [0], gradient = [gate, 2]
                        ck_swiglu(pool, 1, 1, [gate, 2], &h)
                        ck_swiglu_backward(pool, 1, 1, &gradient, [1])
                        #expect(abs(h[0] - expected) < 1e-30)
                        if gate > 0 {
                            #expect(gradient == [2, gate])
                        } else {
                            #expect(gradient.allSatisfy { abs($0) < 1e-30 })
                        }
                    }
                }
            }
        }

        @Test("rotations follow the table, leave other columns alone, and can be undone")
        func rope() throws {
            let (rows, heads, head, stride) = (9, 3, 6, 25)
            let positions = (0..<Int32(rows)).map { ($0 * 7) % 20 }
            let angles = (0..<20).map { position in
                (0..<head / 2).map { Double(position) * pow(100, -2 * Double($0) / Double(head)) }
            }
            let table = angles.flatMap { $0.flatMap { [Float(cos($0)), Float(sin($0))] } }
            let x = noise(rows * stride, 7)
            try withPool { pool in
                withEachInstructionSet {
                    var turned = x
                    ck_rope(pool, rows, heads, head, stride, positions, table, 1, &turned)
                    var expected = x.doubles
                    for row in 0..<rows {
                        for pair in 0..<heads * head / 2 {
                            let place = row * stride + 2 * pair
                            let angle = angles[Int(positions[row])][pair % (head / 2)]
                            let (a, b) = (expected[place], expected[place + 1])
                            expected[place] = a * cos(angle) - b * sin(angle)
                            expected[place + 1] = a * sin(angle) + b * cos(angle)
                        }
                    }
                    #expect(distance(turned, expected) < 3e-7)
                    for row in 0..<rows {
                        let rest = row * stride + heads * head..<(row + 1) * stride
                        #expect(turned[rest] == x[rest])
                    }
                    ck_rope(pool, rows, heads, head, stride, positions, table, -1, &turned)
                    #expect(distance(turned, x.doubles) < 3e-7)
                }
            }
        }

        @Test("rows have the same bits whatever stands beside them")
        func rowInvariance() throws {
            let (rows, width) = (33, 30)
            let x = noise(rows * width, 8), weight = noise(width, 9)
            try withEachInstructionSet {
                for threads in [1, 2, 5] {
                    try withPool(threads) { pool in
                        var norm = x, gate = [Float](repeating: 0, count: rows * width / 2)
                        ck_rms_norm(pool, rows, width, 1e-5, x, weight, &norm, nil)
                        ck_swiglu(pool, rows, width / 2, x, &gate)
                        for row in 0..<rows {
                            let range = row * width..<(row + 1) * width
                            var one = [Float](repeating: 0, count: width)
                            ck_rms_norm(pool, 1, width, 1e-5, Array(x[range]), weight, &one, nil)
                            #expect(one.bits == norm[range].bits)
                            var half = [Float](repeating: 0, count: width / 2)
                            ck_swiglu(pool, 1, width / 2, Array(x[range]), &half)
                            #expect(half.bits == gate[row * width / 2..<(row + 1) * width / 2].bits)
                        }
                    }
                }
            }
        }
    }
}
