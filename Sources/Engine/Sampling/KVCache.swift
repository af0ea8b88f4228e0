/// Keys and values of what was computed lately, in pages under a memory budget. Sequences that begin alike share the pages of
/// their common prefix, whoever asked for them and whenever; from the page in which they part they copy what they share. Pages
/// that nobody uses are kept until their memory is needed, the longest unused going first.
///
/// A cached position has the bits that computing it again would give (design decision 3), so what is cached changes no result.
final class KVCache {
    /// What was computed with one adapter, or with none.
    private struct Tree {
        weak var adapter: Adapter?
        let isBase: Bool
        let root: CachePage

        /// Whether nobody can ask for this adapter any more.
        var isGone: Bool { !isBase && adapter == nil }
    }

    private let shape: TransformerShape
    let positionsPerPage: Int
    /// The most pages that the budget allows.
    let capacity: Int
    private var trees: [Tree] = []
    /// Pages that are free to go: without users and without children.
    private var leaves = PageList()
    /// Memory of pages that are gone: touching it again is cheaper than asking for more.
    private var spare: [KVBlock] = []
    /// All pages, those without users, and the most there have been.
    private(set) var pages = 0
    private(set) var unused = 0
    private(set) var peak = 0

    init(shape: TransformerShape, bytes: Int, positionsPerPage: Int) {
        self.shape = shape
        self.positionsPerPage = positionsPerPage
        capacity = bytes / KVBlock.bytes(shape: shape, capacity: positionsPerPage)
    }

    var bytesPerPage: Int { KVBlock.bytes(shape: shape, capacity: positionsPerPage) }

    func pages(for positions: Int) -> Int { (positions + positionsPerPage - 1) / positionsPerPage }

    /// Pages that can be had, if need be in place of unused ones.
    private var available: Int { capacity - pages + unused }

    // MARK: Finding

    /// How many of the first `limit` positions are there, and how many will be once the sequences in flight have been computed.
    func known(_ tokens: [Int], limit: Int, adapter: Adapter?) -> (computed: Int, coming: Int) {
        let root = root(adapter)
        func count(planned: Bool) -> Int {
            let found = walk(from: root, along: tokens, limit: limit, planned: planned)
            return found.pages.count * positionsPerPage + (found.part?.count ?? 0)
        }
        return (count(planned: false), count(planned: true))
    }

    /// The whole pages that `tokens` begins with, and the page that goes along with it for a while longer.
    private func walk(
        from root: CachePage, along tokens: [Int], limit: Int, planned: Bool
    ) -> (pages: [CachePage], part: (page: CachePage, count: Int)?) {
        var node = root
        var pages: [CachePage] = []
        while let next = node.child(
            along: tokens, from: pages.count * positionsPerPage, limit: limit, planned: planned)
        {
            guard next.count == positionsPerPage else { return (pages, next) }
            pages.append(next.page)
            node = next.page
        }
        return (pages, nil)
    }

    private func root(_ adapter: Adapter?) -> CachePage {
        if let tree = trees.first(where: { !$0.isGone && $0.adapter === adapter }) { return tree.root }
        let root = CachePage(block: KVBlock(shape: shape, capacity: 0), parent: nil, tokens: [])
        trees.append(Tree(adapter: adapter, isBase: adapter == nil, root: root))
        return root
    }

    // MARK: Taking

    /// Pages for all of `tokens`, and how many positions of them are computed: as many of the first `limit` as there are. Nil when
    /// memory is short.
    func take(_ tokens: [Int], limit: Int, adapter: Adapter?) -> (pages: [CachePage], computed: Int)? {
        let root = root(adapter)
        var (pages, part) = walk(from: root, along: tokens, limit: limit, planned: false)
        for page in pages { retain(page) }
        if let part { retain(part.page) }
        let wanted = self.pages(for: tokens.count) - pages.count
        if wanted > available, let short = part {
            // The page to copy from may be the very memory that is wanted.
            release(short.page)
            part = nil
        }
        guard wanted <= available else {
            release(pages)
            return nil
        }
        var computed = pages.count * positionsPerPage
        for first in stride(from: computed, to: tokens.count, by: positionsPerPage) {
            let page = newPage(below: pages.last ?? root)
            page.tokens = Array(tokens[first..<min(first + positionsPerPage, tokens.count)])
            pages.append(page)
        }
        if let part {
            pages[computed / positionsPerPage].block.copy(part.count, from: part.page.block)
            computed += part.count
            release(part.page)
        }
        return (pages, computed)
    }

    /// The pages of the first `positions` positions of a sequence for another that begins like it. Nil when memory is short.
    func share(_ pages: [CachePage], positions: Int) -> [CachePage]? {
        let whole = positions / positionsPerPage, rest = positions % positionsPerPage
        guard rest == 0 || available > 0 else { return nil }
        var shared = Array(pages[..<whole])
        for page in shared { retain(page) }
        if rest > 0, let parent = pages[whole].parent {
            let copy = newPage(below: parent)
            copy.tokens = Array(pages[whole].tokens[..<rest])
            copy.block.copy(rest, from: pages[whole].block)
            shared.append(copy)
        }
        return shared
    }

    /// An empty page behind the last of a sequence. Nil when memory is short.
    func extend(_ last: CachePage) -> CachePage? { available > 0 ? newPage(below: last) : nil }

    private func newPage(below parent: CachePage) -> CachePage {
        if pages >= capacity, let oldest = leaves.first { remove(oldest) }
        let block = spare.popLast() ?? KVBlock(shape: shape, capacity: positionsPerPage)
        block.clear()
        let page = CachePage(block: block, parent: parent, tokens: [])
        parent.add(page)
        leaves.remove(parent)
        page.users = 1
        pages += 1
        peak = max(peak, pages)
        return page
    }

    private func retain(_ page: CachePage) {
        if page.users == 0 {
            unused -= 1
            leaves.remove(page)
        }
        page.users += 1
    }

    // MARK: Giving back

    /// Gives back the pages of a sequence, first to last.
    func release(_ pages: [CachePage]) {
        for page in pages.reversed() { release(page) }
    }

    private func release(_ page: CachePage) {
        page.users -= 1
        guard page.users == 0 else { return }
        unused += 1
        page.tokens.removeLast(page.tokens.count - page.block.count)
        guard page.children.isEmpty else { return }
        if page.tokens.isEmpty || page.isCovered { remove(page) } else { leaves.append(page) }
    }

    /// Forgets an unused page without children.
    private func remove(_ page: CachePage) {
        leaves.remove(page)
        pages -= 1
        unused -= 1
        spare.append(page.block)
        guard let parent = page.parent else { return }
        parent.remove(page)
        // It was used no later than its last child, the longest unused of all.
        if parent.users == 0, parent.children.isEmpty, parent.parent != nil { leaves.prepend(parent) }
    }

    /// Frees what was computed with adapters that are gone.
    func removeGone() {
        guard trees.contains(where: \.isGone) else { return }
        for tree in trees where tree.isGone { forget(below: tree.root) }
        trees.removeAll(where: \.isGone)
    }

    private func forget(below page: CachePage) {
        for child in page.children {
            forget(below: child)
            leaves.remove(child)
            pages -= 1
            unused -= 1
            spare.append(child.block)
        }
    }
}
