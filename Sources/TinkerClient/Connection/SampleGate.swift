import Synchronization

/// Holds samples back after the service said that it is overloaded (429): none for a moment, then few at a time.
final class SampleGate: Sendable {
    private struct State {
        var pausedUntil = -Double.infinity
        var narrowUntil = -Double.infinity
    }

    private let state = Mutex(State())
    private let wide = Budget(400)
    private let narrow = Budget(10)

    /// Runs a submission when it is its turn.
    func pass<Value: Sendable>(_ pacing: Pacing, _ body: () async throws -> Value) async throws -> Value {
        try await wide.withShare(1) {
            while true {
                let left = state.withLock { $0.pausedUntil } - pacing.now()
                if left <= 0 { break }
                try await pacing.sleep(left)
            }
            guard state.withLock({ $0.narrowUntil }) > pacing.now() else { return try await body() }
            return try await narrow.withShare(1, body)
        }
    }

    /// The service is overloaded: nothing for one second, or five if prompts are large; few for ten.
    func close(_ pacing: Pacing, promptBytes: Int) {
        state.withLock { state in
            let now = pacing.now()
            state.pausedUntil = max(state.pausedUntil, now + (promptBytes <= 128 << 10 ? 1 : 5))
            state.narrowUntil = max(state.narrowUntil, now + 10)
        }
    }
}
