import Foundation

/// How much memory the engine may take for activations: what it keeps within, it need not compute again.
package struct MemoryBudget: Sendable {
    package let bytes: Int

    package init(bytes: Int) { self.bytes = bytes }

    /// A quarter of the machine's memory, at least 1 GB.
    package static let standard = MemoryBudget(bytes: max(1 << 30, Int(ProcessInfo.processInfo.physicalMemory / 4)))
}
