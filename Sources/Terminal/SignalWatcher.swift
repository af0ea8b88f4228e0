internal import Foundation

/// Turns signals into calls on a thread of their own, so that no handler ever interrupts other code and whatever the call
/// does is allowed. The signals must be blocked before any other thread starts: make the watcher first of all.
public struct SignalWatcher: Sendable {
    /// Watches the given signals for as long as the process lives.
    public init(_ signals: [Int32], handler: @escaping @Sendable (Int32) -> Void) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        // For the moments in which a thread lets it in, so that a command which it starts gets it.
        if signals.contains(SIGINT) { signal(SIGINT) { _ in } }
        let watched = set
        let thread = Thread {
            var set = watched
            var signal: Int32 = 0
            while unsafe sigwait(&set, &signal) == 0 { handler(signal) }
        }
        thread.name = "signals"
        thread.stackSize = 1 << 19
        thread.start()
    }
}
