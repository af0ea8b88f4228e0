/// The calls of one model in the order of their sequence numbers, whatever order they arrive in: SDKs send the first chunk of a
/// batch last.
struct CallQueue<Call> {
    /// The number of the next call to run; `create_model` is 0.
    private(set) var next = 1
    private var waiting: [Int: Call] = [:]

    /// Whether calls wait for one that has not arrived.
    var hasGap: Bool { !waiting.isEmpty && waiting[next] == nil }

    /// How many calls wait.
    var count: Int { waiting.count }

    /// Adds a call. False if its turn is over.
    mutating func add(_ call: Call, at number: Int) -> Bool {
        guard number >= next, waiting[number] == nil else { return false }
        waiting[number] = call
        return true
    }

    /// Takes the next call, if it is there.
    mutating func take() -> Call? {
        guard let call = waiting.removeValue(forKey: next) else { return nil }
        next += 1
        return call
    }

    /// Gives up on the calls that have not arrived, and on those that wait for them.
    mutating func abandonGap() -> [(number: Int, call: Call)] {
        guard hasGap, let last = waiting.keys.max() else { return [] }
        defer {
            waiting = [:]
            next = last + 1
        }
        return waiting.sorted { $0.key < $1.key }.map { (number: $0.key, call: $0.value) }
    }

    /// Takes all calls that wait.
    mutating func removeAll() -> [Call] {
        defer { waiting = [:] }
        return waiting.sorted { $0.key < $1.key }.map(\.value)
    }
}
