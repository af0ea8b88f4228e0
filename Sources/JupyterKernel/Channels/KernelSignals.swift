internal import LuaRuntime
internal import Synchronization

/// What the control thread tells the Lua thread, and the other way round.
final class KernelSignals: Sendable {
    /// Whether a request is being served, which an interrupt is then for.
    let isRunning = Atomic(false)
    /// Whether the kernel shall end.
    let isStopping = Atomic(false)
    /// Set by an interrupt that comes when nothing runs: it is for the tasks in the background.
    let stopsBackground = Atomic(false)
    private let mailbox: LuaMailbox

    init(mailbox: LuaMailbox) { self.mailbox = mailbox }

    /// Stops what runs, else what goes on in the background.
    func interrupt() {
        if !isRunning.load(ordering: .acquiring) { stopsBackground.store(true, ordering: .releasing) }
        mailbox.interrupt()
        mailbox.wake()
    }

    /// Ends the kernel after stopping what runs. Called again, it stops what has begun in between.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        mailbox.interrupt()
        mailbox.wake()
    }
}
