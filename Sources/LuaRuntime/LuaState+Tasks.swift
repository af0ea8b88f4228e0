import CLuaBridge
import Glibc
public import TrainingAPI

/// A function that runs in a coroutine of its own.
final class LuaTask {
    let id: Int
    /// The coroutine.
    let thread: Int32
    /// The cell run that started it from Lua; an interrupt of that run stops it. 0: started by Swift, which cancels it
    /// itself.
    let evaluation: Int
    let completion: (Result<[LuaValue], LuaError>) -> Void
    /// What it waits for.
    var token: Int64?
    /// Deep inside of another turn of the loop, a task may be told to go on while it already runs.
    var isRunning = false

    init(
        id: Int, thread: Int32, evaluation: Int, completion: @escaping (Result<[LuaValue], LuaError>) -> Void
    ) {
        self.id = id
        self.thread = thread
        self.evaluation = evaluation
        self.completion = completion
    }
}

extension LuaState {
    /// Queues a call of a Lua function as a task of the running cell; `rlhf.spawn`.
    public func spawn(_ function: LuaFunction, _ args: [LuaValue] = []) -> Future<[LuaValue]> {
        let future = Future<[LuaValue]>()
        let (evaluation, reference) = (evaluationDepth > 0 ? evaluation : 0, function.reference)
        mailbox.post { state in
            guard !future.isDone else { return }
            state.startCall(reference, method: nil, args, future: future, evaluation: evaluation)
        } drop: {
            future.resolve(.failure(LuaError.closed))
        }
        return future
    }

    /// Calls a Lua function and serves the loop until it has ended. For host functions that take a Lua callback. Throws
    /// `LuaError`.
    public func call(_ function: LuaFunction, _ args: [LuaValue] = []) throws -> [LuaValue] {
        guard loopDepth < 40 else { throw LuaError.usage("too many calls wait inside of each other") }
        let future = Future<[LuaValue]>()
        startCall(
            function.reference, method: nil, args, future: future, evaluation: evaluationDepth > 0 ? evaluation : 0)
        serve(until: { future.isDone }, onInterrupt: {})
        switch future.result {
        case .success(let values): return values
        case .failure(let error): throw LuaError(error)
        case nil: throw LuaError.cancelled
        }
    }

    func startCall(
        _ reference: LuaReference, method: String?, _ args: [LuaValue], future: Future<[LuaValue]>, evaluation: Int = 0
    ) {
        let thread: Int32
        do {
            guard reference.mailbox === mailbox else {
                throw LuaError.usage("the function belongs to another Lua state")
            }
            thread = try perform(LB_OP_CALL, name: method, reference: reference.id, values: args).reference
        } catch {
            return future.resolve(.failure(LuaError(error)))
        }
        let task = addTask(thread, evaluation: evaluation) { result in future.resolve(result.mapError { $0 }) }
        let (id, mailbox) = (task.id, mailbox)
        future.onCancel { mailbox.post { $0.cancelTask(id) } }
        step(task)
    }

    func addTask(
        _ thread: Int32, evaluation: Int, completion: @escaping (Result<[LuaValue], LuaError>) -> Void
    ) -> LuaTask {
        let task = LuaTask(id: Int(nextNumber()), thread: thread, evaluation: evaluation, completion: completion)
        tasks[task.id] = task
        return task
    }

    /// Runs a task until it ends, waits or yields.
    func step(_ task: LuaTask) {
        guard tasks[task.id] != nil, !task.isRunning else { return }
        if isInterrupted, task.evaluation != evaluation {  // the interrupt is not meant for this one
            deferredTasks.append(task.id)
            return
        }
        task.isRunning = true
        task.token = nil
        defer { task.isRunning = false }
        do {
            let delivery = try perform(LB_OP_RESUME, reference: task.thread)
            let (id, mailbox) = (task.id, mailbox)
            switch Int(delivery.state) {
            case LB_TASK_WAITING:
                let token = delivery.token
                task.token = token
                waits[token]?.whenDone { mailbox.post { $0.step(id, after: token) } }
            case LB_TASK_YIELDED: mailbox.post { $0.step(id) }
            default: end(task, .success(delivery.values))
            }
        } catch {
            end(task, .failure(error))
        }
    }

    func step(_ id: Int) {
        if let task = tasks[id] { step(task) }
    }

    /// Goes on with a task unless it has stopped waiting for this.
    private func step(_ id: Int, after token: Int64) {
        if let task = tasks[id], task.token == token { step(task) }
    }

    private func end(_ task: LuaTask, _ result: Result<[LuaValue], LuaError>) {
        tasks[task.id] = nil
        mailbox.release(task.thread)
        task.completion(result)
    }

    /// Cancels what a task waits for, which raises `cancelled` in it; one that has only yielded is closed.
    func cancelTask(_ id: Int) {
        guard let task = tasks[id], !task.isRunning else { return }
        if let token = task.token, let wait = waits[token] {
            wait.cancel()
            if wait.result() == nil {
                leave(toFinish: wait)
                mailbox.post { $0.step(id, after: token) }
            }
        } else {
            _ = try? perform(LB_OP_ABANDON, reference: task.thread)
            end(task, .failure(.cancelled))
        }
    }

    /// The number of tasks that have not ended.
    public var taskCount: Int { tasks.count }

    /// Stops all tasks; returns how many there were.
    @discardableResult
    public func cancelTasks() -> Int {
        let ids = tasks.keys.sorted()
        for id in ids { cancelTask(id) }
        return ids.count
    }

    /// Counts cancelled work that nobody waits for any more but that first comes to a safe end, such as a stage that saves a
    /// checkpoint.
    func leave(toFinish wait: PendingWait) {
        unfinishedWork += 1
        let mailbox = mailbox
        wait.whenDone { mailbox.post { $0.unfinishedWork -= 1 } }
    }
}

// MARK: - The loop

extension LuaState {
    /// Serves posted work, tasks, ticks and interrupts until a condition holds. After `interrupt` only those things go
    /// on that the interrupt stops, so the condition must come true by them or by the caller's `onInterrupt`, which is
    /// then called at every turn.
    public func run(until isDone: () -> Bool, onInterrupt: () -> Void = {}) {
        serve(until: isDone, onInterrupt: onInterrupt)
    }

    /// Serves what is there without waiting: for a prompt whose own loop watches `mailbox.wakeDescriptor`. True when an
    /// interrupt came meanwhile, which is then over.
    @discardableResult
    public func servePending() -> Bool {
        mailbox.clearWake()
        loopDepth += 1
        // Only what is there now: a task that yields comes back at once, and would keep the prompt from reading.
        for _ in 0..<mailbox.workCount { mailbox.next()?.run(self) }
        loopDepth -= 1
        guard evaluationDepth == 0, isInterrupted else { return false }
        endInterrupt()
        return true
    }

    /// Serves until cancelled work has come to a safe end, or an interrupt says not to wait for it.
    public func finishWork() {
        lb_clear_interrupt(bridge)
        serve(until: { unfinishedWork == 0 || isInterrupted }, onInterrupt: {})
    }

    func serve(until isDone: () -> Bool, onInterrupt: () -> Void) {
        loopDepth += 1
        defer { loopDepth -= 1 }
        var lastTick = ContinuousClock.now
        while !isDone() {
            if isInterrupted {
                cancelWaitingTasks()
                onInterrupt()
            }
            while !isDone(), let work = mailbox.next() { work.run(self) }
            if isDone() { return }
            mailbox.waitForWake(milliseconds: 100)
            let now = ContinuousClock.now
            if now - lastTick >= .milliseconds(100) {
                lastTick = now
                onTick?()
            }
        }
    }

    private func cancelWaitingTasks() {
        for task in tasks.values.sorted(by: { $0.id < $1.id }) where task.evaluation == evaluation && !task.isRunning {
            cancelTask(task.id)
        }
    }
}

extension LuaMailbox {
    func waitForWake(milliseconds: Int32) {
        let hasWork = hasWork
        var descriptor = pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)
        if !hasWork { _ = poll(&descriptor, 1, milliseconds) }
        clearWake()
    }
}

// MARK: - Interrupts

extension LuaState {
    /// Stops the running cell at its next instruction or wait; from other threads, `mailbox.interrupt()`.
    public func interrupt() { lb_interrupt(bridge) }

    /// Whether an interrupt is under way.
    public var isInterrupted: Bool { lb_is_interrupted(bridge) }

    /// Makes Ctrl-C (SIGINT) interrupt this state, or gives the signal back.
    public func handlesSIGINT(_ handles: Bool) { lb_take_sigint(handles ? bridge : nil) }

    /// The number of SIGINTs so far: two within a second mean more than one.
    public static var sigintCount: Int { Int(lb_sigint_count()) }

    func endInterrupt() {
        lb_clear_interrupt(bridge)
        let ids = deferredTasks
        deferredTasks = []
        for id in ids { mailbox.post { $0.step(id) } }
    }
}
