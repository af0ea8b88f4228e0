/// A page of the cache: keys and values of a fixed number of positions. Pages form a tree whose paths from the root spell the
/// sequences that were computed, so a page is found by the tokens of the whole prefix that it ends, compared exactly.
final class CachePage {
    let block: KVBlock
    /// The page before this one; nil for the root, which holds no positions.
    unowned let parent: CachePage?
    fileprivate(set) var children: [CachePage] = []
    /// The tokens of its positions. While a prompt is being computed there are more of them than positions in the block.
    var tokens: [Int]
    /// Sequences in flight that hold it.
    var users = 0

    fileprivate unowned(unsafe) var older: CachePage?
    fileprivate unowned(unsafe) var newer: CachePage?
    fileprivate(set) var isListed = false

    init(block: KVBlock, parent: CachePage?, tokens: [Int]) {
        self.block = block
        self.parent = parent
        self.tokens = tokens
    }

    func add(_ child: CachePage) { children.append(child) }

    func remove(_ child: CachePage) {
        guard let index = children.firstIndex(where: { $0 === child }) else { return }
        children.swapAt(index, children.count - 1)
        children.removeLast()
    }

    /// How many tokens from `position` on, and before `limit`, are those of this page; of its first `count`.
    func common(with other: [Int], from position: Int, limit: Int, count: Int) -> Int {
        let most = min(count, limit - position)
        var length = 0
        while length < most, tokens[length] == other[position + length] { length += 1 }
        return length
    }

    /// The child that goes along with most of `tokens` from `position` on, and how far. Only computed positions count, unless
    /// `planned`.
    func child(
        along tokens: [Int], from position: Int, limit: Int, planned: Bool
    ) -> (page: CachePage, count: Int)? {
        var best: (page: CachePage, count: Int)?
        for child in children {
            let count = child.common(
                with: tokens, from: position, limit: limit,
                count: planned ? child.tokens.count : child.block.count)
            if count > best?.count ?? 0 { best = (child, count) }
        }
        return best
    }

    /// Whether another page holds all that this one does.
    var isCovered: Bool {
        guard let parent else { return false }
        return parent.children.contains { other in
            other !== self && other.block.count >= tokens.count
                && common(with: other.tokens, from: 0, limit: tokens.count, count: tokens.count) == tokens.count
        }
    }
}

/// Pages in the order in which they were last used; each stands in it at most once. The pages are kept alive by their tree.
struct PageList {
    private unowned(unsafe) var oldest: CachePage?
    private unowned(unsafe) var newest: CachePage?

    mutating func append(_ page: CachePage) {
        page.isListed = true
        page.older = newest
        page.newer = nil
        if let newest { newest.newer = page } else { oldest = page }
        newest = page
    }

    mutating func prepend(_ page: CachePage) {
        page.isListed = true
        page.newer = oldest
        page.older = nil
        if let oldest { oldest.older = page } else { newest = page }
        oldest = page
    }

    mutating func remove(_ page: CachePage) {
        guard page.isListed else { return }
        page.isListed = false
        if let older = page.older { older.newer = page.newer } else { oldest = page.newer }
        if let newer = page.newer { newer.older = page.older } else { newest = page.older }
        page.older = nil
        page.newer = nil
    }

    /// The page that has not been used for longest.
    var first: CachePage? { oldest }
}
