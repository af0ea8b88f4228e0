import Synchronization

/// A bound on what is held at a time: bytes of bodies, or requests. Those who wait get their share in the order in which they came.
final class Budget: Sendable {
    private struct Waiter {
        let id: Int
        let amount: Int
        let resume: @Sendable (Bool) -> Void
    }

    private struct State {
        var free: Int
        var waiters: [Waiter] = []
        var lastID = 0
    }

    private let capacity: Int
    private let state: Mutex<State>

    init(_ capacity: Int) {
        self.capacity = max(capacity, 1)
        state = Mutex(State(free: max(capacity, 1)))
    }

    /// Runs a function while holding an amount; one beyond the whole budget goes alone.
    func withShare<Value: Sendable>(_ amount: Int, _ body: () async throws -> Value) async throws -> Value {
        let amount = min(max(amount, 0), capacity)
        try await take(amount)
        defer { give(amount) }
        return try await body()
    }

    private func take(_ amount: Int) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let isGranted = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                let isFree = state.withLock { state in
                    if state.waiters.isEmpty, state.free >= amount {
                        state.free -= amount
                        return true
                    }
                    state.waiters.append(Waiter(id: id, amount: amount) { continuation.resume(returning: $0) })
                    return false
                }
                if isFree { return continuation.resume(returning: true) }
                if Task.isCancelled { drop(id) }
            }
        } onCancel: {
            drop(id)
        }
        guard isGranted else { throw CancellationError() }
    }

    private func drop(_ id: Int) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.resume(false)
        give(0)
    }

    private func give(_ amount: Int) {
        let served = state.withLock { state -> [Waiter] in
            state.free += amount
            var served: [Waiter] = []
            while let first = state.waiters.first, first.amount <= state.free {
                state.free -= first.amount
                served.append(state.waiters.removeFirst())
            }
            return served
        }
        for waiter in served { waiter.resume(true) }
    }
}
