import CLuaBridge
public import Display
import Glibc
import Synchronization

/// The way into a Lua state from other threads: work to run there, references to give up, and a descriptor that wakes
/// its loop.
public final class LuaMailbox: Sendable {
    struct Work: Sendable {
        let run: @Sendable (LuaState) -> Void
        let drop: @Sendable () -> Void
    }

    private struct Contents {
        var work: [Work?] = []
        var head = 0
        var isOpen = true
        /// What to interrupt; kept here, under the lock, so that no interrupt can reach a state that is going away.
        var interrupt: (@Sendable () -> Void)?
    }

    private let contents = Mutex(Contents())
    /// A lock of its own: references end wherever the last closure that holds them ends.
    private let released = Mutex([Int32]())
    /// Becomes readable when something has been posted or an interrupt has come.
    public let wakeDescriptor: Int32
    let writeDescriptor: Int32

    init() {
        var pipe: [Int32] = [-1, -1]
        // Without descriptors the loop still sees everything at its next tick.
        if Glibc.pipe(&pipe) == 0 {
            for descriptor in pipe {
                _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            }
        }
        wakeDescriptor = pipe[0]
        writeDescriptor = pipe[1]
    }

    deinit {
        if wakeDescriptor >= 0 { _ = close(wakeDescriptor) }
        if writeDescriptor >= 0 { _ = close(writeDescriptor) }
    }

    /// Queues work for the Lua thread; `drop` is called instead when the state closes first. False if it has closed
    /// already.
    @discardableResult
    public func post(
        _ run: @escaping @Sendable (LuaState) -> Void, drop: @escaping @Sendable () -> Void = {}
    ) -> Bool {
        let isOpen = contents.withLock { contents in
            if contents.isOpen { contents.work.append(Work(run: run, drop: drop)) }
            return contents.isOpen
        }
        if isOpen { wake() }
        return isOpen
    }

    /// Shows a value on the Lua thread and returns when it is shown, so that work which ends with it is not over before; at once if
    /// the state has closed.
    public func show(_ value: DisplayValue) async {
        await withCheckedContinuation { shown in
            let isPosted = post(
                { state in
                    state.show(value)
                    shown.resume()
                }, drop: { shown.resume() })
            if !isPosted { shown.resume() }
        }
    }

    /// Makes the loop look again at what it waits for.
    public func wake() {
        var byte: UInt8 = 0
        _ = write(writeDescriptor, &byte, 1)
    }

    /// Stops the running cell, its coroutines and what it waits for. Nothing happens once the state is gone.
    public func interrupt() { contents.withLock { $0.interrupt?() } }

    func onInterrupt(_ body: @escaping @Sendable () -> Void) { contents.withLock { $0.interrupt = body } }

    func release(_ id: Int32) {
        released.withLock { $0.append(id) }
    }

    func takeReleased() -> [Int32] {
        released.withLock { released in
            defer { released = [] }
            return released
        }
    }

    func next() -> Work? {
        contents.withLock { contents in
            guard contents.head < contents.work.count else { return nil }
            let work = contents.work[contents.head]
            contents.work[contents.head] = nil
            contents.head += 1
            if contents.head == contents.work.count { (contents.work, contents.head) = ([], 0) }
            return work
        }
    }

    var workCount: Int { contents.withLock { $0.work.count - $0.head } }

    var hasWork: Bool { contents.withLock { $0.head < $0.work.count } }

    func clearWake() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(wakeDescriptor, &bytes, bytes.count) > 0 {}
    }

    func shut() {
        let dropped = contents.withLock { contents -> ArraySlice<Work?> in
            contents.isOpen = false
            contents.interrupt = nil
            defer { (contents.work, contents.head) = ([], 0) }
            return contents.work[contents.head...]
        }
        for work in dropped { work?.drop() }
    }
}
