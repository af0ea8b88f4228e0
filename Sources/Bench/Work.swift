/// What has to be computed and moved in one pass over the weights, however well it is done.
package struct Work: Sendable, Equatable {
    /// Floating-point operations; a multiply-add counts as two.
    package var operations: Double
    /// Bytes read from memory.
    package var bytes: Double

    /// Operations and bytes of one pass.
    package init(operations: Double, bytes: Double) {
        self.operations = operations
        self.bytes = bytes
    }

    /// The least time it takes: of arithmetic and memory the slower one, the other hidden behind it.
    package func seconds(_ peak: MachinePeak) -> Double { max(computeSeconds(peak), memorySeconds(peak)) }

    func computeSeconds(_ peak: MachinePeak) -> Double { operations / peak.bf16GFLOPS / 1e9 }
    func memorySeconds(_ peak: MachinePeak) -> Double { bytes / peak.readGBPerSecond / 1e9 }
}

extension [Work] {
    /// The least time of passes that follow each other.
    package func seconds(_ peak: MachinePeak) -> Double { reduce(0) { $0 + $1.seconds(peak) } }

    /// Whether most of that time goes to passes that wait for memory.
    func isBoundByMemory(_ peak: MachinePeak) -> Bool {
        let waiting = filter { $0.memorySeconds(peak) > $0.computeSeconds(peak) }
        return waiting.seconds(peak) > seconds(peak) / 2
    }
}
