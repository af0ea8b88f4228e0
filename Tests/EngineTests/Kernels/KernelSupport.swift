import CKernels
import Tensors
import Testing

/// The rounding unit of float32.
let roundingUnit = 0x1p-24

/// Runs a body with a pool of so many threads.
func withPool<Result>(_ threads: Int = 2, _ body: (OpaquePointer) throws -> Result) throws -> Result {
    let pool = try #require(ck_pool_create(Int32(threads)))
    defer { ck_pool_destroy(pool) }
    return try body(pool)
}

/// Runs a body once with each instruction set that this machine has, and with the emulation of one that it may not have.
func withEachInstructionSet(_ body: () throws -> Void) rethrows {
    defer { ck_use_instruction_set(nil) }
    for name in instructionSets where ck_use_instruction_set(name) { try body() }
}

/// All variants of the kernels.
let instructionSets = ["portable", "neon", "avx2", "avx512bf16", "avx512bf16-emulated"]

/// Uniform numbers in ±scale that repeat from their seed.
func noise(_ count: Int, _ seed: Int, scale: Double = 1) -> [Float] {
    var random = SeededRandom(seed, count)
    return (0..<count).map { _ in Float((2 * random.uniform() - 1) * scale) }
}

/// The largest difference of a kernel's output from its reference.
func distance(_ values: some Collection<Float>, _ reference: some Collection<Double>) -> Double {
    precondition(values.count == reference.count)
    // A plain maximum would let NaN pass.
    return zip(values, reference).reduce(0) { worst, pair in
        let difference = abs(Double(pair.0) - pair.1)
        return difference <= worst ? worst : difference
    }
}

/// Central differences of a function of float64 numbers.
func finiteDifferences(at x: [Double], step: Double = 1e-5, _ function: ([Double]) -> Double) -> [Double] {
    x.indices.map { index in
        var moved = x
        moved[index] = x[index] + step
        let above = function(moved)
        moved[index] = x[index] - step
        return (above - function(moved)) / (2 * step)
    }
}

extension Collection where Element == Float {
    /// The numbers as float64.
    var doubles: [Double] { map(Double.init) }
    /// The numbers' bits: equal for the same NaN, different for 0 and -0.
    var bits: [UInt32] { map(\.bitPattern) }
}

extension Collection where Element == Double {
    /// The sum of the products of two vectors.
    func dot(_ other: some Collection<Double>) -> Double { zip(self, other).reduce(0) { $0 + $1.0 * $1.1 } }
}
