import Foundation
import Synchronization

/// Tells every ten seconds which results are waited for, what the service says of its queue, and for how long that has been so.
final class Waits: Sendable {
    private struct Wait {
        let verb: String
        let start: Double
        var state = "active"
    }

    private struct State {
        var waits: [Int: Wait] = [:]
        var lastID = 0
        var ticker: Task<Void, Never>?
        var hasTold = false
    }

    /// Seconds between two reports.
    private static let interval = 10.0

    private let pacing: Pacing
    private let tell: @Sendable (String?) -> Void
    private let state = Mutex(State())

    /// `tell` gets a line about what is waited for, and nil when a wait that it was told of is over.
    init(pacing: Pacing, tell: @escaping @Sendable (String?) -> Void) {
        self.pacing = pacing
        self.tell = tell
    }

    /// A wait begins; returns its number.
    func begin(_ verb: String) -> Int {
        state.withLock { state in
            state.lastID += 1
            state.waits[state.lastID] = Wait(verb: verb, start: pacing.now())
            if state.ticker == nil {
                state.ticker = Task { [weak self, pacing] in
                    while (try? await pacing.sleep(Self.interval)) != nil, let self { self.report() }
                }
            }
            return state.lastID
        }
    }

    /// What the service says of a wait.
    func update(_ id: Int, state text: String) { state.withLock { $0.waits[id]?.state = text } }

    /// A wait is over.
    func end(_ id: Int) {
        let (ticker, hadTold) = state.withLock { state -> (Task<Void, Never>?, Bool) in
            state.waits[id] = nil
            guard state.waits.isEmpty else { return (nil, false) }
            defer { (state.ticker, state.hasTold) = (nil, false) }
            return (state.ticker, state.hasTold)
        }
        ticker?.cancel()
        if hadTold { tell(nil) }
    }

    private func report() {
        let line = state.withLock { state -> String? in
            let now = pacing.now()
            // What has just begun is no long wait.
            let long = state.waits.values.filter { now - $0.start >= Self.interval }
            guard let oldest = long.min(by: { $0.start < $1.start }) else { return nil }
            state.hasTold = true
            let counts = Dictionary(long.map { ($0.verb, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
            let verbs = counts.map { $0.value == 1 ? $0.key : "\($0.value) times \($0.key)" }.joined(separator: ", ")
            let states = Set(long.map { $0.state.split(separator: "_").joined(separator: " ") }).sorted().joined(separator: ", ")
            return "waiting for \(verbs) for \(Int(now - oldest.start)) s (\(states))"
        }
        if let line { tell(line) }
    }
}
