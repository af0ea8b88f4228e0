package import Foundation

/// The time as the server sees it, which tests set by hand.
package struct ServerClock: Sendable {
    /// The present.
    package var now: @Sendable () -> Date
    /// Waits.
    package var sleep: @Sendable (Duration) async throws -> Void

    /// A clock of these functions.
    package init(now: @escaping @Sendable () -> Date, sleep: @escaping @Sendable (Duration) async throws -> Void) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's.
    package static let system = ServerClock(now: { Date() }, sleep: { try await Task.sleep(for: $0) })
}
