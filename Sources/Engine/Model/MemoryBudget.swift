import Foundation

/// How much memory a model's clients may take together, beside the weights. It never changes a result: what does not fit waits, is
/// computed again, or is refused.
package struct MemoryBudget: Sendable {
    /// For activations, which training keeps from the forward to the backward pass.
    package let activationBytes: Int
    /// For the keys and values of sequences that are being sampled, and of earlier ones that may be needed again.
    package let cacheBytes: Int

    /// Training takes the larger part: a token's activations are some twenty times as large as its keys and values.
    package init(bytes: Int) {
        cacheBytes = bytes / 4
        activationBytes = bytes - cacheBytes
    }

    /// A quarter of the machine's memory, at least 1 GB.
    package static let standard = MemoryBudget(bytes: max(1 << 30, Int(ProcessInfo.processInfo.physicalMemory / 4)))

    /// What the machine could still give without swapping; nil where the system does not tell.
    static var available: Int? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kilobytes = line.split(separator: " ").compactMap({ Int($0) }).first
        else { return nil }
        return kilobytes << 10
    }
}
