import Foundation
import Synchronization

/// Ctrl-C: ends the child processes at once, so that whoever waits for one of them goes on and can show what there is.
package final class Interruption: Sendable {
    private struct State {
        var hasFired = false
        var children: Set<Int32> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Ends all children and whatever they have started. May be called from any thread.
    package func fire() {
        state.withLock { state in
            state.hasFired = true
            state.children.forEach(Self.kill)
        }
    }

    /// Throws `interrupted` after `fire`.
    package func check() throws(BenchError) {
        if state.withLock({ $0.hasFired }) { throw .interrupted }
    }

    /// A child has started.
    func add(_ child: Int32) {
        state.withLock { state in
            state.children.insert(child)
            if state.hasFired { Self.kill(child) }
        }
    }

    /// A child is about to be reaped; its number may soon belong to another process.
    func remove(_ child: Int32) { state.withLock { _ = $0.children.remove(child) } }

    /// Kills the process and its group, which `Process` makes it the leader of.
    private static func kill(_ child: Int32) {
        Glibc.kill(-child, SIGKILL)
        Glibc.kill(child, SIGKILL)
    }
}
