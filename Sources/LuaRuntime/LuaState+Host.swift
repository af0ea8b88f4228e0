import CLuaBridge
import TrainingAPI

/// A host call that waits for a future.
struct PendingWait {
    let result: () -> Result<[LuaValue], any Error>?
    let cancel: () -> Void
    let whenDone: (@escaping @Sendable () -> Void) -> Void

    init(_ future: Future<[LuaValue]>) {
        result = { future.result }
        cancel = { future.cancel() }
        whenDone = { body in future.whenDone { _ in body() } }
    }
}

extension LuaState {
    /// Lua has called a host function.
    func handle(_ call: UnsafeMutablePointer<lb_call>?) -> Int {
        guard let call else { return LB_RETURN }
        var reader = ItemReader(items: call.pointee.items, count: call.pointee.item_count, mailbox: mailbox)
        let function = functions[Int(call.pointee.function)]
        let context = CallContext(
            state: self, functionName: function.name, arguments: reader.values(call.pointee.argument_count), call: call)
        defer { context.end() }
        do {
            switch try function.body(context) {
            case .values(let values): return give(values, to: call)
            case .future(let future): return wait(for: future, call)
            }
        } catch {
            return raise(error, call)
        }
    }

    /// A task goes on after the host function that it waited in.
    func proceed(_ call: UnsafeMutablePointer<lb_call>?) -> Int {
        guard let call else { return LB_RETURN }
        guard let result = waits.removeValue(forKey: call.pointee.function)?.result() else {
            return raise(LuaError.cancelled, call)
        }
        return give(result, to: call)
    }

    private func give(_ result: Result<[LuaValue], any Error>, to call: UnsafeMutablePointer<lb_call>) -> Int {
        switch result {
        case .success(let values): give(values, to: call)
        case .failure(let error): raise(error, call)
        }
    }

    private func give(_ values: [LuaValue], to call: UnsafeMutablePointer<lb_call>) -> Int {
        var writer = ItemWriter(state: self)
        do {
            for value in values { try writer.write(value) }
        } catch {
            lb_values_free(bridge, &writer.values)
            return raise(error, call)
        }
        call.pointee.results = writer.values
        return LB_RETURN
    }

    private func raise(_ error: any Error, _ call: UnsafeMutablePointer<lb_call>) -> Int {
        let error = LuaError(error)
        let parts: [LuaValue] = [
            .string(error.kind), .string(error.message), .init(error.hint), .init(error.cell),
            error.line.map { .integer($0) } ?? .none, .init(error.traceback),
        ]
        var writer = ItemWriter(state: self)
        for part in parts { try? writer.write(part) }  // scalars never throw
        call.pointee.results = writer.values
        return LB_RAISE
    }

    private func wait(for future: Future<[LuaValue]>, _ call: UnsafeMutablePointer<lb_call>) -> Int {
        if let result = future.result { return give(result, to: call) }
        if call.pointee.can_wait {
            let token = nextNumber()
            waits[token] = PendingWait(future)
            call.pointee.token = token
            return LB_WAIT
        }
        do {
            return give(try block(on: future), to: call)
        } catch {
            return raise(error, call)
        }
    }

    /// Serves the loop until a future has ended.
    private func block(on future: Future<[LuaValue]>) throws -> Result<[LuaValue], any Error> {
        // Each level holds a part of the C stack, and Lua allows 200 of its own.
        guard loopDepth < 40 else {
            throw LuaError.usage(
                "too many calls wait inside of each other",
                hint:
                    "wait for futures in the function itself, not in a coroutine of your own or a table.sort comparison"
            )
        }
        let (mailbox, wait) = (mailbox, PendingWait(future))
        var isLeft = false
        future.whenDone { _ in mailbox.wake() }
        serve(until: { isLeft || future.isDone }) {
            future.cancel()
            guard !future.isDone else { return }
            leave(toFinish: wait)
            isLeft = true
        }
        return future.result ?? .failure(LuaError.cancelled)
    }
}

extension LuaValue {
    fileprivate init(_ text: String?) { self = text.map { .string($0) } ?? .none }
}
