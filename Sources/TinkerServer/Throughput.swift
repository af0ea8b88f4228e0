import Foundation

/// Tokens by second over the last minute.
struct Throughput {
    private static let window = 60
    private var seconds: [(second: Int, tokens: Int)] = []
    /// All tokens since the start.
    private(set) var total = 0

    mutating func add(_ tokens: Int, at time: Date) {
        total += tokens
        let second = Int(time.timeIntervalSince1970)
        if seconds.last?.second == second {
            seconds[seconds.count - 1].tokens += tokens
        } else {
            seconds.append((second, tokens))
        }
        seconds.removeAll { $0.second <= second - Self.window }
    }

    /// Tokens per second over the last minute.
    func rate(at time: Date) -> Double {
        let now = Int(time.timeIntervalSince1970)
        let recent = seconds.filter { $0.second > now - Self.window }
        return Double(recent.reduce(0) { $0 + $1.tokens }) / Double(Self.window)
    }
}
