import Synchronization

/// Turns the progress of a download into a line for each tenth of it, so that small ones say nothing and large ones little.
final class DownloadSteps: Sendable {
    private static let worthTelling = 4 << 20

    private let tell: @Sendable (String) -> Void
    private let told = Mutex(0)

    init(tell: @escaping @Sendable (String) -> Void) { self.tell = tell }

    func report(_ done: Int, _ total: Int?) {
        guard let total, total >= Self.worthTelling else { return }
        let tenth = done * 10 / total
        let isNew = told.withLock { told in
            defer { told = max(told, tenth) }
            return tenth > told
        }
        if isNew { tell("\(tenth * 10) % of \(total >> 20) MB") }
    }
}
