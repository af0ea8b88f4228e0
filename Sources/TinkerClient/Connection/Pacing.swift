import Foundation

/// Time and chance as the client sees them, so that tests need not wait.
package struct Pacing: Sendable {
    /// Seconds that only ever grow.
    package var now: @Sendable () -> Double
    /// Waits for seconds; throws when the surrounding task is cancelled.
    package var sleep: @Sendable (_ seconds: Double) async throws -> Void
    /// A number from 0 up to, but not including, 1.
    package var random: @Sendable () -> Double

    /// Made of its parts.
    package init(
        now: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (_ seconds: Double) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    /// The machine's own.
    package static let real = Pacing(
        now: { ProcessInfo.processInfo.systemUptime },
        sleep: { try await Task.sleep(for: .seconds($0)) },
        random: { Double.random(in: 0..<1) })
}
