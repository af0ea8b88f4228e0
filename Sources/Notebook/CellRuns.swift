/// Which code cells of a script have run, and whether their results still count.
struct CellRuns {
    /// The last run of a cell.
    struct Run {
        let order: Int
        let source: String
        let ending: Execution.Ending
        let seconds: Double
    }

    /// How a newer version of a script differs: numbers of its code cells, and how many of the older one are gone.
    struct Change: Equatable {
        var changed: [Int] = []
        var added: [Int] = []
        var removed = 0

        var isEmpty: Bool { changed.isEmpty && added.isEmpty && removed == 0 }
    }

    private var runs: [Int: Run] = [:]
    private var order = 0

    subscript(number: Int) -> Run? { runs[number] }

    mutating func record(_ number: Int, _ execution: Execution) {
        order += 1
        runs[number] = Run(
            order: order, source: execution.source, ending: execution.ending ?? .ok, seconds: execution.seconds)
    }

    mutating func forget() { runs = [:] }

    func status(_ number: Int, in cells: [ScriptCell]) -> CellStatus {
        guard cells.indices.contains(number - 1), let run = runs[number] else { return .neverRun }
        let isOvertaken = runs.contains { $0.key < number && $0.value.order > run.order }
        if isOvertaken || run.source != cells[number - 1].source { return .stale }
        return switch run.ending {
        case .ok: .ok
        case .error: .error
        case .interrupted: .interrupted
        }
    }

    /// Takes the runs over to a newer version of the script, cell by cell.
    mutating func carry(from old: [ScriptCell], to new: [ScriptCell]) -> Change {
        let partners = Self.partners(old, new)
        var kept: [Int: Run] = [:]
        var change = Change(removed: old.count - partners.count)
        for (index, cell) in new.enumerated() {
            guard let before = partners[index] else {
                change.added.append(index + 1)
                continue
            }
            kept[index + 1] = runs[before + 1]
            if old[before].source != cell.source { change.changed.append(index + 1) }
        }
        runs = kept
        return change
    }

    /// The old cell that each new one comes from: the same title and text in the same order, then the same text moved, then
    /// a title that stands once, then the same place between cells that have been found.
    private static func partners(_ old: [ScriptCell], _ new: [ScriptCell]) -> [Int: Int] {
        var partners: [Int: Int] = [:]
        var freeOld = Set(old.indices), freeNew = Set(new.indices)
        func pair(_ newIndex: Int, _ oldIndex: Int) {
            partners[newIndex] = oldIndex
            freeNew.remove(newIndex)
            freeOld.remove(oldIndex)
        }
        func key(_ cell: ScriptCell) -> String { cell.title + "\n" + cell.source }
        let difference = new.map(key).difference(from: old.map(key))
        var removed: Set<Int> = [], inserted: Set<Int> = []
        for step in difference {
            switch step {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        for (newIndex, oldIndex) in zip(
            new.indices.filter { !inserted.contains($0) }, old.indices.filter { !removed.contains($0) })
        { pair(newIndex, oldIndex) }

        for name in [key, { $0.title }] {
            for newIndex in freeNew.sorted() where !new[newIndex].title.isEmpty || !name(new[newIndex]).isEmpty {
                let candidates = freeOld.filter { name(old[$0]) == name(new[newIndex]) }
                let rivals = freeNew.filter { name(new[$0]) == name(new[newIndex]) }
                if candidates.count == 1, rivals.count == 1, let before = candidates.first { pair(newIndex, before) }
            }
        }
        for newIndex in freeNew.sorted() {
            let before = newIndex == 0 ? -1 : partners[newIndex - 1]
            guard let candidate = before.map({ $0 + 1 }), freeOld.contains(candidate) else { continue }
            // A cell before the next one that has been found was changed; else one was put in.
            let next = new.indices.dropFirst(newIndex + 1).first { partners[$0] != nil }
            let gapNew = (next ?? new.count) - newIndex
            let gapOld = (next.flatMap { partners[$0] } ?? old.count) - candidate
            if gapNew == gapOld { pair(newIndex, candidate) }
        }
        return partners
    }
}
