import TinkerWire
import TrainingAPI

/// The samples of one copy of a sampling client that have ended, in the order in which they did. Touched by `ServerState` alone.
struct SampleLog {
    typealias Event = Wire.RetrieveFuturesResponse.Completion

    private var events: [(number: Int, event: Event)] = []
    /// Where the log ends: the number of the last event.
    private(set) var cursor = 0
    /// Resolved when there is a new event.
    private(set) var news = Future<Void>()

    /// A sample has ended.
    mutating func add(_ event: Event) {
        cursor += 1
        events.append((cursor, event))
        news.resolve(.success(()))
        news = Future<Void>()
    }

    /// What has come after a cursor; what is before it has been seen and is forgotten.
    mutating func events(after cursor: Int) -> [Event] {
        events.removeAll { $0.number <= cursor }
        return events.map(\.event)
    }

    /// Forgets events whose results are forgotten.
    mutating func keep(where isKnown: (_ requestID: String) -> Bool) { events.removeAll { !isKnown($0.event.requestID) } }
}
