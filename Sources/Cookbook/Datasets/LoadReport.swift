/// What became of the rows of a source.
public struct LoadReport: Sendable, Equatable {
    /// A row that was left out.
    public struct Dropped: Sendable, Equatable {
        /// Why.
        public var reason: DropReason
        /// Which row.
        public var location: RowLocation
    }

    /// The files or lists that were read.
    public var sources: [String]
    /// The number of rows found.
    public var read: Int
    /// The number of examples kept; more than were read where a row holds several.
    public var kept: Int
    /// The rows left out, in order.
    public var dropped: [Dropped]

    /// The dropped rows by reason, the most frequent reason first.
    public var droppedByReason: [(reason: DropReason, locations: [RowLocation])] {
        var order: [DropReason] = []
        var groups: [DropReason: [RowLocation]] = [:]
        for row in dropped {
            if groups[row.reason] == nil { order.append(row.reason) }
            groups[row.reason, default: []].append(row.location)
        }
        let counted = order.map { (reason: $0, locations: groups[$0] ?? []) }
        return counted.enumerated().sorted {
            ($1.element.locations.count, $0.offset) < ($0.element.locations.count, $1.offset)
        }.map(\.element)
    }

    /// Two reports as one.
    func adding(_ other: LoadReport) -> LoadReport {
        LoadReport(
            sources: sources + other.sources, read: read + other.read, kept: kept + other.kept,
            dropped: dropped + other.dropped)
    }
}

extension LoadReport: CustomStringConvertible {
    /// One line on the whole, and one for each reason with the first places.
    public var description: String {
        var lines = [
            "\(sources.joined(separator: ", ")): \(read) rows read, \(kept) examples kept, \(dropped.count) dropped"
        ]
        for (reason, locations) in droppedByReason {
            let unit = locations[0].unit.rawValue + (locations.count == 1 ? "" : "s")
            let shown = locations.prefix(8).map { String($0.number) }.joined(separator: ", ")
            lines.append("  \(locations.count): \(reason) (\(unit) \(shown)\(locations.count > 8 ? ", …" : ""))")
        }
        return lines.joined(separator: "\n")
    }
}
