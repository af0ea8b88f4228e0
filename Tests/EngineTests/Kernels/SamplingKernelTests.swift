import CKernels
import Foundation
import Testing

extension SerialTests {
    @Suite("Kernels: drawing tokens")
    struct SamplingKernelTests {
        /// Tokens drawn with an even grid of uniform numbers: each token's share is its probability within two grid steps.
        private func draw(
            _ pool: OpaquePointer, _ logits: [Float], grid: Int = 2000, temperature: Float = 1, topP: Float = 1,
            topK: Int32 = -1
        ) -> [Int: Double] {
            var draws = (0..<grid).map {
                ck_draw(
                    temperature: temperature, top_p: topP, top_k: topK, uniform: (Float($0) + 0.5) / Float(grid),
                    token: -1,
                    logprob: 0)
            }
            ck_sample(pool, grid, logits.count, Array(repeating: logits, count: grid).flatMap(\.self), &draws)
            return draws.reduce(into: [:]) { $0[Int($1.token), default: 0] += 1 / Double(grid) }
        }

        private func softmax(_ logits: [Float], temperature: Double = 1, keeping kept: Set<Int>? = nil) -> [Int: Double] {
            var weights: [Int: Double] = [:]
            for (token, logit) in logits.enumerated() where kept?.contains(token) ?? true {
                weights[token] = exp(Double(logit) / temperature)
            }
            let total = weights.values.reduce(0, +)
            return weights.mapValues { $0 / total }
        }

        private func expect(_ shares: [Int: Double], follow probabilities: [Int: Double]) {
            #expect(Set(shares.keys).isSubset(of: probabilities.keys))
            for (token, probability) in probabilities { #expect(abs((shares[token] ?? 0) - probability) < 0.0015) }
        }

        private let logits: [Float] = [0.5, 2, -1, 2, 0, 1.5, -3, 0.25, -.infinity, 1]

        @Test("temperature 0 takes the likeliest token, the lowest id among equals")
        func greedy() throws {
            try withPool { pool in
                withEachInstructionSet {
                    #expect(draw(pool, logits, grid: 5, temperature: 0) == [1: 1])
                    #expect(draw(pool, [3, 3, 3], grid: 5, temperature: 0, topP: 0.1, topK: 2) == [0: 1])
                }
            }
        }

        @Test("frequencies follow the softmax at any temperature")
        func distribution() throws {
            try withPool { pool in
                withEachInstructionSet {
                    for temperature in [0.3, 1, 2.5] {
                        let shares = draw(pool, logits, temperature: Float(temperature))
                        expect(shares, follow: softmax(logits, temperature: temperature))
                        #expect(shares[8] == nil)
                    }
                }
            }
        }

        @Test("top-k keeps the k likeliest, the lower id among equals")
        func topK() throws {
            try withPool { pool in
                withEachInstructionSet {
                    for (k, kept) in [(Int32(1), Set([1])), (2, [1, 3]), (3, [1, 3, 5]), (4, [1, 3, 5, 9])] {
                        expect(draw(pool, logits, topK: k), follow: softmax(logits, keeping: kept))
                    }
                    expect(draw(pool, logits, topK: 10), follow: softmax(logits))
                    expect(draw(pool, logits, topK: 1000), follow: softmax(logits))
                }
            }
        }

        @Test("top-p keeps the smallest set of likeliest tokens that reaches it")
        func topP() throws {
            let probabilities = softmax(logits)
            let order = [1, 3, 5, 9, 0, 7, 4, 2, 6]
            try withPool { pool in
                withEachInstructionSet {
                    var mass = 0.0
                    for (index, token) in order.enumerated() {
                        // Just within this token's share: the set must go up to it, and no further.
                        let topP = Float(mass + 0.5 * (probabilities[token] ?? 0))
                        mass += probabilities[token] ?? 0
                        expect(
                            draw(pool, logits, topP: topP), follow: softmax(logits, keeping: Set(order[...index])))
                    }
                }
            }
        }

        @Test("top-p takes its share of what top-k left")
        func topPAfterTopK() throws {
            try withPool { pool in
                withEachInstructionSet {
                    // Of the three likeliest the first two hold 2 / (2 + e^-0.5) = 0.77 of the mass.
                    expect(draw(pool, logits, topP: 0.76, topK: 3), follow: softmax(logits, keeping: [1, 3]))
                    expect(draw(pool, logits, topP: 0.78, topK: 3), follow: softmax(logits, keeping: [1, 3, 5]))
                    expect(draw(pool, logits, topP: 0.1, topK: 3), follow: softmax(logits, keeping: [1]))
                }
            }
        }

        /// Whether a token is what the sorted distribution gives, computed in float64; sums may be off by rounding.
        private func isRight(_ draw: ck_draw, _ logits: [Float]) -> Bool {
            let top = Double(logits.max() ?? 0)
            let weights = logits.map { exp((Double($0) - top) / Double(draw.temperature)) }
            var order = Array(logits.indices)
            let isCut = draw.top_p < 1 || draw.top_k > 0
            if isCut { order.sort { (logits[$0], -$0) > (logits[$1], -$1) } }
            if draw.top_k > 0 { order = Array(order.prefix(Int(draw.top_k))) }
            let mass = order.reduce(0) { $0 + weights[$1] }
            var kept = 0.0, last = 0
            while last < order.count, last == 0 || draw.top_p == 1 || kept < Double(draw.top_p) * mass {
                kept += weights[order[last]]
                last += 1
            }
            let target = Double(draw.uniform) * kept, slack = 1e-5 * mass
            var below = 0.0
            for token in order.prefix(last) {
                let end = below + weights[token]
                if token == Int(draw.token) { return below <= target + slack && end >= target - slack }
                below = end
            }
            return false
        }

        /// Draws of all combinations of some settings.
        private static let combinations: [ck_draw] = {
            var draws: [ck_draw] = []
            let topPs: [Float] = [1, 0.999, 0.9, 0.3], topKs: [Int32] = [-1, 1, 40, 2000]
            let uniforms: [Float] = [0, 0.37, 0.71, 1 - 0x1p-24], temperatures: [Float] = [1, 0.6, 2]
            for topP in topPs {
                for topK in topKs {
                    for uniform in uniforms {
                        for temperature in temperatures {
                            draws.append(
                                ck_draw(
                                    temperature: temperature, top_p: topP, top_k: topK, uniform: uniform, token: 0,
                                    logprob: 0))
                        }
                    }
                }
            }
            return draws
        }()

        @Test("cuts of a large vocabulary are those of the sorted distribution, ties included", arguments: [0, 0.5, 3, 30])
        func largeVocabulary(scale: Double) throws {
            // Rounded, so that there are ties.
            let logits: [Float] = noise(3001, 1, scale: scale).map { ($0 * 8).rounded() / 8 }
            let rows = Array(repeating: logits, count: Self.combinations.count).flatMap(\.self)
            try withPool { pool in
                withEachInstructionSet {
                    var draws = Self.combinations
                    ck_sample(pool, draws.count, logits.count, rows, &draws)
                    for draw in draws { #expect(isRight(draw, logits), "\(draw)") }
                }
            }
        }

        @Test("logits that are not finite give no token", arguments: [Float.nan, .infinity])
        func notFinite(value: Float) throws {
            try withPool { pool in
                withEachInstructionSet {
                    for (temperature, topK) in [(Float(0), Int32(-1)), (1, -1), (0.5, -1), (1, 3)] {
                        var draws = Array(
                            repeating: ck_draw(
                                temperature: temperature, top_p: 1, top_k: topK, uniform: 0.5, token: 7, logprob: 0),
                            count: 3)
                        let impossible = [Float](repeating: -.infinity, count: logits.count)
                        let broken = logits.dropLast() + [value]
                        ck_sample(pool, 3, logits.count, broken + impossible + logits, &draws)
                        #expect(draws.map { $0.token < 0 } == [true, true, false])
                        #expect(draws[0].logprob.isNaN && draws[2].logprob.isFinite)
                    }
                }
            }
        }

        @Test("a temperature too small to divide by is that of the likeliest token")
        func tinyTemperature() throws {
            try withPool { pool in
                withEachInstructionSet { #expect(draw(pool, logits, grid: 5, temperature: .leastNonzeroMagnitude) == [1: 1]) }
            }
        }

        @Test("the logprob is that of temperature 1, whatever cuts the distribution")
        func logprob() throws {
            try withPool { pool in
                withEachInstructionSet {
                    var draws = [
                        ck_draw(temperature: 0.2, top_p: 0.5, top_k: 3, uniform: 0.9, token: 0, logprob: 0),
                        ck_draw(temperature: 0, top_p: 1, top_k: -1, uniform: 0, token: 0, logprob: 0),
                    ]
                    ck_sample(pool, 2, logits.count, logits + logits, &draws)
                    for draw in draws {
                        let expected = log(softmax(logits)[Int(draw.token)] ?? 0)
                        #expect(abs(Double(draw.logprob) - expected) < 1e-6)
                    }
                }
            }
        }

        @Test("the largest uniform number still draws a token that is possible")
        func lastUniform() throws {
            try withPool { pool in
                withEachInstructionSet {
                    for topP in [Float(1), 0.999] {
                        var draw = ck_draw(
                            temperature: 1, top_p: topP, top_k: -1, uniform: 1 - 0x1p-24, token: 0, logprob: 0)
                        ck_sample(pool, 1, 4, [0, 0, -40, -.infinity], &draw)
                        #expect(draw.token <= 2)
                    }
                }
            }
        }
    }
}
