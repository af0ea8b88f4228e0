/// Sequences that wait for room: a line for each client, served in turn.
struct WaitingLines {
    /// What becomes of the next in a line.
    enum Decision {
        /// It leaves the line.
        case taken
        /// It stays, and the one behind it is asked.
        case later
        /// This line is over for now.
        case closed
        /// So are all lines, and the next time begins with this one.
        case stop
    }

    private struct Line {
        let client: ObjectIdentifier
        var sequences: [ActiveSequence]
    }

    private var lines: [Line] = []
    private var turn = 0

    var isEmpty: Bool { lines.isEmpty }
    var clients: some Sequence<ObjectIdentifier> { lines.lazy.map(\.client) }

    /// Puts a new sequence behind all of its client.
    mutating func add(_ sequence: ActiveSequence) {
        let line = line(of: sequence)
        lines[line].sequences.append(sequence)
    }

    /// Puts sequences that have been begun in front of their clients', in their order.
    mutating func putBack(_ sequences: [ActiveSequence]) {
        for sequence in sequences.reversed() {
            let line = line(of: sequence)
            lines[line].sequences.insert(sequence, at: 0)
        }
    }

    private mutating func line(of sequence: ActiveSequence) -> Int {
        let client = sequence.request.client
        if let index = lines.firstIndex(where: { $0.client == client }) { return index }
        lines.append(Line(client: client, sequences: []))
        return lines.count - 1
    }

    /// Asks about sequences, one of each client in turn, until none is left to ask about.
    mutating func serve(_ decide: (ActiveSequence) -> Decision) {
        var places = Array(repeating: Optional(0), count: lines.count)
        var open = lines.count
        var next = turn
        while open > 0 {
            let line = next % lines.count
            next += 1
            guard let place = places[line] else { continue }
            let decision: Decision =
                place < lines[line].sequences.count ? decide(lines[line].sequences[place]) : .closed
            switch decision {
            case .taken: lines[line].sequences.remove(at: place)
            case .later: places[line] = place + 1
            case .closed:
                places[line] = nil
                open -= 1
            case .stop:
                next -= 1
                open = 0
            }
        }
        let first = lines.isEmpty ? nil : lines[next % lines.count].client
        lines.removeAll(where: \.sequences.isEmpty)
        turn = lines.firstIndex { $0.client == first } ?? 0
    }
}
