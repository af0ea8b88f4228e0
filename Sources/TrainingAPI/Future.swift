import Synchronization

/// The result of work that was queued at once and ends later. Unlike a `Task`, making one starts nothing: whoever does the work
/// resolves it, so calls keep the order in which they were made.
public final class Future<Value: Sendable>: Sendable {
    private struct State {
        var result: Result<Value, any Error>?
        var waiters: [@Sendable (Result<Value, any Error>) -> Void] = []
        var isCancelled = false
        /// Whether `cancel` leaves it to the work to end this future.
        var finishesWork = false
        var onCancel: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// An unresolved future.
    public init() {}

    /// A future that has already ended.
    public init(_ result: Result<Value, any Error>) {
        state.withLock { $0.result = result }
    }

    /// A future of an async function, started now. With `finishingWork`, `cancel` asks the function to stop but leaves it to the
    /// function to end the future, so that one which first brings its work to safety is waited for.
    public convenience init(finishingWork: Bool = false, _ body: @escaping @Sendable () async throws -> Value) {
        self.init()
        state.withLock { $0.finishesWork = finishingWork }
        let task = Task {
            do { self.resolve(.success(try await body())) } catch { self.resolve(.failure(error)) }
        }
        onCancel { task.cancel() }
    }

    /// Ends this future; later calls have no effect.
    public func resolve(_ result: Result<Value, any Error>) {
        let waiters = state.withLock { state -> [@Sendable (Result<Value, any Error>) -> Void] in
            guard state.result == nil else { return [] }
            state.result = result
            defer { (state.waiters, state.onCancel) = ([], []) }
            return state.waiters
        }
        for waiter in waiters { waiter(result) }
    }

    /// The result, if it is there.
    public var result: Result<Value, any Error>? { state.withLock { $0.result } }

    /// Whether this future has ended.
    public var isDone: Bool { result != nil }

    /// Whether the one who asked has lost interest.
    public var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Asks for the work to stop. The future then ends with a `cancelled` error, unless the work was done first or is to be finished.
    public func cancel() {
        let (handlers, finishesWork) = state.withLock { state -> ([@Sendable () -> Void], Bool) in
            guard state.result == nil, !state.isCancelled else { return ([], state.finishesWork) }
            state.isCancelled = true
            defer { state.onCancel = [] }
            return (state.onCancel, state.finishesWork)
        }
        for handler in handlers { handler() }
        if finishesWork { return }
        resolve(.failure(TrainingError.cancelled))
    }

    /// Calls back with the result: at once if it is there, else on the thread that resolves.
    public func whenDone(_ body: @escaping @Sendable (Result<Value, any Error>) -> Void) {
        let result = state.withLock { state -> Result<Value, any Error>? in
            if state.result == nil { state.waiters.append(body) }
            return state.result
        }
        if let result { body(result) }
    }

    /// Calls back when `cancel` is called before the end.
    public func onCancel(_ body: @escaping @Sendable () -> Void) {
        let now = state.withLock { state -> Bool in
            if state.isCancelled { return true }
            if state.result == nil { state.onCancel.append(body) }
            return false
        }
        if now { body() }
    }

    /// The value, awaited. Cancelling the surrounding task cancels this future.
    public var value: Value {
        get async throws {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    whenDone { continuation.resume(with: $0) }
                }
            } onCancel: {
                cancel()
            }
        }
    }

    /// A future of a function of this one's value.
    public func map<Other: Sendable>(_ transform: @escaping @Sendable (Value) throws -> Other) -> Future<Other> {
        let other = Future<Other>()
        other.onCancel { self.cancel() }
        whenDone { result in other.resolve(result.flatMap { value in Result { try transform(value) } }) }
        return other
    }
}
