/// The Aho-Corasick automaton of some byte strings, as a table of transitions: its state is the longest end of the bytes read that
/// begins one of the strings. Bytes that no string has share a column.
struct StopAutomaton: Sendable {
    static let start: Int32 = 0

    private let columns: Int
    /// The column of each byte; 0 for bytes of no string.
    private let column: [UInt16]
    /// `[states, columns]`
    private let transitions: [Int32]
    private let matches: [Bool]

    /// Nil when there is nothing to look for.
    init?(_ strings: [[UInt8]]) {
        let strings = strings.filter { !$0.isEmpty }
        guard !strings.isEmpty else { return nil }
        var column = [Int](repeating: 0, count: 256)
        for (index, byte) in Set(strings.joined()).sorted().enumerated() { column[Int(byte)] = index + 1 }
        let columns = (column.max() ?? 0) + 1

        let none: Int32 = -1
        var transitions = [Int32](repeating: none, count: columns)
        var matches = [false]
        for string in strings {
            var state = 0
            for byte in string {
                let edge = state * columns + column[Int(byte)]
                if transitions[edge] == none {
                    transitions[edge] = Int32(matches.count)
                    transitions += [Int32](repeating: none, count: columns)
                    matches.append(false)
                }
                state = Int(transitions[edge])
            }
            matches[state] = true
        }
        // Breadth first: `fallback` is the state of the longest proper end, whose transitions are complete by then.
        var fallback = [Int](repeating: 0, count: matches.count)
        var queue = [0]
        var read = 0
        while read < queue.count {
            let state = queue[read]
            read += 1
            matches[state] = matches[state] || matches[fallback[state]]
            for edge in 0..<columns {
                let other = state == 0 ? 0 : transitions[fallback[state] * columns + edge]
                let next = transitions[state * columns + edge]
                if next == none {
                    transitions[state * columns + edge] = other
                } else {
                    fallback[Int(next)] = Int(other)
                    queue.append(Int(next))
                }
            }
        }
        self.columns = columns
        self.column = column.map { UInt16($0) }
        self.transitions = transitions
        self.matches = matches
    }

    func next(_ state: Int32, _ byte: UInt8) -> Int32 {
        transitions[Int(state) * columns + Int(column[Int(byte)])]
    }

    /// Whether one of the strings ends here.
    func isMatch(_ state: Int32) -> Bool { matches[Int(state)] }
}
