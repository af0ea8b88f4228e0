import Synchronization
import TinkerWire
import TrainingAPI

/// The training calls of one model: they are sent one after the other in the order in which they were made, each with the next
/// sequence number, and their results are waited for at the same time.
final class CallOrder: Sendable {
    fileprivate struct State {
        var tail: Task<Void, Never>?
        var nextSequence: Int
        var isLost = false
    }

    private let connection: ServiceConnection
    private let state: Mutex<State>

    /// Calls that begin at a sequence number.
    init(connection: ServiceConnection, firstSequence: Int) {
        self.connection = connection
        state = Mutex(State(nextSequence: firstSequence))
    }

    /// Queues a call. `submit` runs when its turn comes and returns what waits for the result after the turn has passed. Cancelling
    /// the future ends the waiting at once; a call whose turn has begun is sent nevertheless, because nobody could know whether the
    /// service has it.
    func enqueue<Value: Sendable>(
        _ verb: String, _ submit: @escaping @Sendable (Future<Value>) async throws -> @Sendable () async throws -> Value
    ) -> Future<Value> {
        let future = Future<Value>()
        let turn = state.withLock { state in
            let before = state.tail
            let turn = Task<@Sendable () async throws -> Value, any Error> {
                await before?.value
                if future.isCancelled { throw RemoteError.cancelled }
                return try await submit(future)
            }
            state.tail = Task { _ = await turn.result }
            return turn
        }
        let waiting = Task { [connection] in
            do { future.resolve(.success(try await turn.value())) } catch {
                future.resolve(.failure(connection.failure(error, verb)))
            }
        }
        future.onCancel { waiting.cancel() }
        return future
    }

    /// Sends a call with the next sequence number; to be used within a turn only. Of several forms the second is tried where the
    /// service does not understand the first; returns which one it took.
    func post(_ forms: [(_ sequence: Int) throws -> ServiceCall]) async throws -> (Wire.QueuedResponse, form: Int) {
        let sequence = try state.withLock { state in
            if state.isLost { throw RemoteError.orderLost }
            return state.nextSequence
        }
        var misunderstood: String?
        for (index, form) in forms.enumerated() {
            let call = try form(sequence)
            do {
                let answer: Wire.QueuedResponse = try await connection.call(call)
                state.withLock { $0.nextSequence += 1 }
                return (answer, index)
            } catch RemoteError.refused(let status, let detail)
                where [400, 415, 422, 500, 501].contains(status) && index + 1 < forms.count
            {
                misunderstood = detail
            } catch let error as RemoteError {
                state.withLock { $0.settle(error) }
                guard let misunderstood, case .refused(let status, let detail) = error else { throw error }
                throw RemoteError.refused(status: status, detail: "\(misunderstood); as JSON: \(detail)")
            }
        }
        throw RemoteError.orderLost
    }
}

extension CallOrder.State {
    /// What a failed call means for those behind it.
    fileprivate mutating func settle(_ error: RemoteError) {
        switch error {
        // The key is checked before the call is looked at, so its number is still free.
        case .refused(401, _), .refused(403, _), .refused(404, _), .unpaid: break
        // The service has seen the number and refused the call.
        case .refused(let status, _) where status < 500 && status != 408 && status != 429: nextSequence += 1
        case .transport(.noConnection), .transport(.notTrusted), .transport(.badAddress): break
        default: isLost = true
        }
    }
}
