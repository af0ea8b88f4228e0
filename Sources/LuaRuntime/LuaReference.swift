public import TrainingAPI

/// A Lua value held by identity, from any thread; Lua may collect it once the last copy is gone.
public final class LuaReference: Sendable {
    let id: Int32
    let mailbox: LuaMailbox
    /// The value's address: equal for equal values for as long as this reference lives.
    public let identity: UInt

    init(id: Int32, identity: UInt, mailbox: LuaMailbox) {
        self.id = id
        self.identity = identity
        self.mailbox = mailbox
    }

    deinit { mailbox.release(id) }

    /// Calls the referenced function, or a method of the referenced table, in a coroutine of its own on the Lua thread.
    func call(method: String? = nil, _ args: [LuaValue]) async throws -> [LuaValue] {
        try await start(method: method, args).value
    }

    func start(method: String? = nil, _ args: [LuaValue]) -> Future<[LuaValue]> {
        let future = Future<[LuaValue]>()
        let isOpen = mailbox.post { state in
            guard !future.isDone else { return }
            state.startCall(self, method: method, args, future: future)
        } drop: {
            future.resolve(.failure(LuaError.closed))
        }
        if !isOpen { future.resolve(.failure(LuaError.closed)) }
        return future
    }
}

/// A Lua function, callable from any thread or task.
public final class LuaFunction: Sendable {
    /// The function's identity.
    public let reference: LuaReference
    /// The chunk that defines it, for instance `cell[3]`; nil for built-in functions.
    public let source: String?
    /// The line where its definition begins; nil for built-in functions.
    public let line: Int?

    init(reference: LuaReference, source: String?, line: Int?) {
        self.reference = reference
        self.source = source
        self.line = line
    }

    /// Calls the function on the Lua thread in a coroutine of its own, so hundreds of calls can be in flight. The Lua
    /// thread must be evaluating or serving. Throws `LuaError`; cancelling the surrounding Swift task cancels what the
    /// function waits for.
    public func call(_ args: [LuaValue] = []) async throws -> [LuaValue] { try await reference.call(args) }

    /// The same as a future: queues the call at once, in the order of the calls.
    public func start(_ args: [LuaValue] = []) -> Future<[LuaValue]> { reference.start(args) }
}
