/// The merges of a byte-pair vocabulary and the procedure that applies them, lowest rank first.
struct MergeTable: Sendable {
    private struct Merge {
        let rank: UInt32
        let token: Int32
    }

    private var merges: [UInt64: Merge] = [:]

    init(capacity: Int) { merges.reserveCapacity(capacity) }

    /// Adds a merge; the first of two equal pairs counts.
    mutating func add(left: Int32, right: Int32, token: Int32, rank: Int) {
        let key = Self.key(left, right)
        if merges[key] == nil { merges[key] = Merge(rank: UInt32(truncatingIfNeeded: rank), token: token) }
    }

    /// Merges neighbours until no pair has a merge, always the pair of lowest rank, the leftmost of equals. Takes n log
    /// n steps for n symbols.
    func apply(to start: [Int32]) -> [Int32] {
        guard start.count > 1 else { return start }
        var symbols = start
        // A doubly linked list over the positions; a merge keeps the left position and unlinks the right one.
        var next = Array(1...symbols.count)
        var previous = Array(-1..<symbols.count - 1)
        var candidates = MinHeap(capacity: symbols.count)

        func offer(_ left: Int) {
            guard left >= 0, next[left] < symbols.count, let merge = merge(symbols[left], symbols[next[left]]) else {
                return
            }
            candidates.insert(UInt64(merge.rank) << 32 | UInt64(left))
        }
        for left in 0..<symbols.count - 1 { offer(left) }

        while let candidate = candidates.popMin() {
            let left = Int(candidate & 0xffff_ffff)
            let right = next[left]
            // An entry is stale when its pair has changed since; ranks are unique, so an equal rank means the same pair.
            guard symbols[left] >= 0, right < symbols.count,
                let merge = merge(symbols[left], symbols[right]), UInt64(merge.rank) == candidate >> 32
            else { continue }
            symbols[left] = merge.token
            symbols[right] = -1
            next[left] = next[right]
            if next[left] < symbols.count { previous[next[left]] = left }
            offer(left)
            offer(previous[left])
        }
        return symbols.filter { $0 >= 0 }
    }

    private func merge(_ left: Int32, _ right: Int32) -> Merge? {
        left < 0 || right < 0 ? nil : merges[Self.key(left, right)]
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}

/// A binary heap that gives back its smallest number first.
private struct MinHeap {
    private var items: [UInt64] = []

    init(capacity: Int) { items.reserveCapacity(capacity) }

    mutating func insert(_ item: UInt64) {
        items.append(item)
        var child = items.count - 1
        while child > 0, items[child] < items[(child - 1) / 2] {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popMin() -> UInt64? {
        guard let smallest = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return smallest }
        items[0] = last
        var parent = 0
        while 2 * parent + 1 < items.count {
            var child = 2 * parent + 1
            if child + 1 < items.count, items[child + 1] < items[child] { child += 1 }
            guard items[child] < items[parent] else { break }
            items.swapAt(child, parent)
            parent = child
        }
        return smallest
    }
}
