import CKernels

/// What the machine can do at most, as measured by loops that do nothing else.
package struct MachinePeak: Sendable, Equatable, Codable {
    /// The threads that all figures were measured with.
    package var threads: Int
    /// The widest instructions of fp32 arithmetic: `avx512`, `avx2` or `portable`.
    package var instructions: String
    /// GFLOP/s of fp32 multiply-adds.
    package var fp32GFLOPS: Double
    /// GFLOP/s of bf16 products added up in fp32; nil where the processor has no instruction for them.
    package var nativeBF16GFLOPS: Double?
    /// GB/s read from memory.
    package var readGBPerSecond: Double

    /// GFLOP/s that products of bf16 weights can reach: without an instruction of their own, those of fp32.
    package var bf16GFLOPS: Double { nativeBF16GFLOPS ?? fp32GFLOPS }

    package init(
        threads: Int, instructions: String, fp32GFLOPS: Double, nativeBF16GFLOPS: Double?, readGBPerSecond: Double
    ) {
        (self.threads, self.instructions, self.fp32GFLOPS) = (threads, instructions, fp32GFLOPS)
        (self.nativeBF16GFLOPS, self.readGBPerSecond) = (nativeBF16GFLOPS, readGBPerSecond)
    }

    /// Measures for about this time.
    package static func measure(threads: Int, seconds: Double) throws(BenchError) -> MachinePeak {
        let count = Int32(clamping: threads)
        let bf16 = ck_peak_bf16(count, seconds / 4)
        let peak = MachinePeak(
            threads: threads, instructions: unsafe String(cString: ck_peak_instructions()),
            fp32GFLOPS: ck_peak_fp32(count, seconds / 4), nativeBF16GFLOPS: bf16 > 0 ? bf16 : nil,
            readGBPerSecond: ck_peak_read(count, 256 << 20, seconds / 2))
        guard peak.fp32GFLOPS > 0, peak.readGBPerSecond > 0 else { throw .noPeak(threads: threads) }
        return peak
    }

    /// The better of two measurements of the same machine: a neighbour can only make one slower.
    package func best(_ other: MachinePeak) -> MachinePeak {
        var result = self
        result.fp32GFLOPS = max(fp32GFLOPS, other.fp32GFLOPS)
        result.nativeBF16GFLOPS = [nativeBF16GFLOPS, other.nativeBF16GFLOPS].compactMap(\.self).max()
        result.readGBPerSecond = max(readGBPerSecond, other.readGBPerSecond)
        return result
    }
}
