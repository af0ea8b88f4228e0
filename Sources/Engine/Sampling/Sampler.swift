import CKernels
import TrainingAPI

/// Continuous batching: every pass computes the next token of all sequences in flight, of all clients and adapters together, and
/// beside them a part of the prompts that are new, so that a long prompt stops nobody. Who shares a pass, and what the cache
/// holds, never changes anybody's result.
final class Sampler {
    private let model: BaseModel
    private let transformer: Transformer
    private let head: VocabularyHead
    private let limits: SamplerLimits
    private let cache: KVCache
    private var activations: Activations?
    /// Sequences with pages, in the order in which they came in: when memory is short, the last gives way.
    private var running: [ActiveSequence] = []
    private var waiting = WaitingLines()
    private var counts = SamplerStatistics()

    /// Sequences that would have this many positions from one that is being computed wait for it.
    private static let sharedWorthWaiting = 16
    /// So many waiting sequences are looked at for each pass.
    private static let lookedAtOnce = 256

    init(model: BaseModel, pool: ThreadPool, limits: SamplerLimits) {
        self.model = model
        self.limits = limits
        transformer = Transformer(model: model, pool: pool)
        head = VocabularyHead(model: model, pool: pool)
        cache = KVCache(shape: model.shape, bytes: limits.cacheBytes, positionsPerPage: limits.positionsPerPage)
    }

    var isIdle: Bool { running.isEmpty && waiting.isEmpty }

    var statistics: SamplerStatistics {
        var now = counts
        (now.pagesInUse, now.pagesKept) = (cache.pages - cache.unused, cache.unused)
        (now.peakPages, now.pageCapacity, now.bytesPerPage) = (cache.peak, cache.capacity, cache.bytesPerPage)
        return now
    }

    /// Takes a request; it is answered by later steps. One that the cache could never hold is refused.
    func add(_ request: SampleRequest) {
        // The last token drawn is never computed.
        let longest = request.prompt.count + request.mostTokens(contextLength: model.shape.contextLength) - 1
        guard cache.pages(for: longest) <= cache.capacity else {
            return request.future.resolve(
                .failure(
                    TrainingError.usage(
                        "prompt and max_tokens make \(longest) tokens, but the key/value cache of "
                            + "\(limits.cacheBytes >> 20) MB holds \(cache.capacity * cache.positionsPerPage)",
                        hint: "shorten the prompt, or set a lower max_tokens")))
        }
        waiting.add(ActiveSequence(SampleProgress(request), index: 0))
    }

    /// One pass: computes the next rows of what is in flight and draws tokens.
    func step() {
        tidy()
        dropCancelled()
        admit()
        let plan = plan()
        guard !plan.isEmpty else { return }
        var batch = RowBatch()
        var ends: [(sequence: ActiveSequence, positions: Range<Int>, end: Int)] = []
        ends.reserveCapacity(plan.count)
        // Rows of one adapter stand together.
        for adapter in distinctAdapters(plan) {
            for (sequence, rows) in plan where sequence.request.adapter === adapter {
                let first = sequence.computed
                let end = sequence.compute(rows, in: &batch, positionsPerPage: cache.positionsPerPage)
                ends.append((sequence, first..<first + rows, end))
            }
        }
        counts.passes += 1
        counts.rows += batch.count
        let activations = run(batch)
        for entry in ends { keepPromptLogprobs(entry.sequence.progress, entry.positions, end: entry.end, activations) }
        draw(ends.filter { $0.sequence.remaining == 0 }.map { ($0.sequence, $0.end - 1) }, activations)
    }

    /// Frees what nobody can ask for any more.
    func tidy() { cache.removeGone() }

    private func dropCancelled() {
        running.removeAll { sequence in
            guard sequence.request.future.isDone else { return false }
            cache.release(sequence.giveUp())
            return true
        }
    }

    private func distinctAdapters(_ plan: [(sequence: ActiveSequence, rows: Int)]) -> [Adapter?] {
        var adapters: [Adapter?] = []
        for (sequence, _) in plan where !adapters.contains(where: { $0 === sequence.request.adapter }) {
            adapters.append(sequence.request.adapter)
        }
        return adapters
    }

    // MARK: Coming and going

    /// Lets waiting sequences in, as far as there is room.
    private func admit() {
        guard !waiting.isEmpty else { return }
        var displaced: [ActiveSequence] = []
        var looked = 0
        let clients = Set(waiting.clients).union(running.lazy.map(\.request.client)).count
        waiting.serve { sequence in
            let request = sequence.request
            guard !request.future.isDone else { return .taken }
            looked += 1
            guard looked <= Self.lookedAtOnce else { return .stop }
            let limit = sequence.progress.reusable(of: sequence.tokens.count)
            let known = cache.known(sequence.tokens, limit: limit, adapter: request.adapter)
            guard known.coming - known.computed < Self.sharedWorthWaiting else { return .later }
            if running.count >= limits.sequences {
                guard clients > 1, let other = lastOfOther(than: request.client, share: max(limits.sequences / clients, 1))
                else {
                    return .closed
                }
                displaced.append(displace(other))
            }
            guard let (pages, computed) = cache.take(sequence.tokens, limit: limit, adapter: request.adapter) else {
                return .stop
            }
            counts.reused += computed
            sequence.take(pages, computed: computed)
            running.append(sequence)
            return .taken
        }
        waiting.putBack(displaced.reversed())
    }

    /// With all places taken, the sequence to give way to a client that has less than its share, if some other has more.
    private func lastOfOther(than client: ObjectIdentifier, share: Int) -> Int? {
        let places = running.reduce(into: [:]) { $0[$1.request.client, default: 0] += 1 }
        guard places[client, default: 0] < share else { return nil }
        return running.lastIndex { places[$0.request.client, default: 0] > share }
    }

    /// Takes the pages and the place from a running sequence; it goes on later.
    private func displace(_ index: Int) -> ActiveSequence {
        let sequence = running.remove(at: index)
        cache.release(sequence.giveUp())
        counts.displaced += 1
        return sequence
    }

    // MARK: Planning

    /// Who computes how many rows in the next pass.
    private func plan() -> [(sequence: ActiveSequence, rows: Int)] {
        var plan: [(sequence: ActiveSequence, rows: Int)] = []
        plan.reserveCapacity(running.count)
        var left = max(limits.rowsPerPass, 1)
        var prompts: [ActiveSequence] = []
        var index = 0
        while index < running.count {
            let sequence = running[index]
            index += 1
            if sequence.remaining > 1 {
                prompts.append(sequence)
            } else if left > 0, makeRoom(for: sequence) {
                plan.append((sequence, 1))
                left -= 1
            }
        }
        // First an equal share for each client, then what is left in the order of arrival.
        guard !prompts.isEmpty, left > 0 else { return plan }
        let share = max(left / Set(prompts.map(\.request.client)).count, 1)
        var shares: [ObjectIdentifier: Int] = [:]
        var rows = prompts.map { sequence in
            let rows = min(sequence.remaining, left, share - shares[sequence.request.client, default: 0])
            shares[sequence.request.client, default: 0] += rows
            left -= rows
            return rows
        }
        for index in prompts.indices {
            let more = min(prompts[index].remaining - rows[index], left)
            rows[index] += more
            left -= more
        }
        plan += zip(prompts, rows).filter { $1 > 0 }.map { ($0, $1) }
        return plan
    }

    /// Sees to it that a sequence has a page for its next token; false if it had to give way itself.
    private func makeRoom(for sequence: ActiveSequence) -> Bool {
        while sequence.computed == sequence.pages.count * cache.positionsPerPage, let last = sequence.pages.last {
            if let page = cache.extend(last) {
                sequence.append(page)
            } else {
                let other = displace(running.count - 1)
                waiting.putBack([other])
                if other === sequence { return false }
            }
        }
        guard let page = sequence.pages.last, let token = sequence.tokens.last else { return false }
        if page.tokens.count == page.block.count { page.tokens.append(token) }
        return true
    }

    // MARK: Results

    private func keepPromptLogprobs(
        _ progress: SampleProgress, _ positions: Range<Int>, end: Int, _ activations: Activations
    ) {
        let wanted = progress.wanted(of: positions)
        guard !wanted.isEmpty else { return }
        let prompt = progress.request.prompt
        let queries = wanted.map {
            VocabularyHead.Query(row: end - (positions.upperBound - $0), targets: [Int32(prompt[$0 + 1])])
        }
        let values = head.logprobs(queries, normed: activations.normed, adapter: progress.request.adapter, check: {})
        progress.add(promptLogprobs: values.lazy.map { $0[0] })
    }

    /// Draws the next token of each sequence from its row, and the first of all samples when a prompt has been computed.
    private func draw(_ computed: [(sequence: ActiveSequence, row: Int)], _ activations: Activations) {
        guard !computed.isEmpty else { return }
        var rows = computed
        var followers: [(leader: ActiveSequence, sequence: ActiveSequence)] = []
        if computed.contains(where: \.sequence.leads) {
            rows = computed.flatMap { entry in
                let others = entry.sequence.leads ? 1..<entry.sequence.request.samples : 1..<1
                let sequences = others.map { ActiveSequence(entry.sequence.progress, index: $0) }
                followers += sequences.map { (entry.sequence, $0) }
                return [entry] + sequences.map { ($0, entry.row) }
            }
        }
        var draws = rows.map(\.sequence.draw)
        head.sample(
            rows.map { (row: $0.row, adapter: $0.sequence.request.adapter) }, draws: &draws, normed: activations.normed)
        for (entry, draw) in zip(rows, draws) { accept(draw, for: entry.sequence) }
        waiting.putBack(followers.filter { $0.sequence.result == nil && !start($0.sequence, behind: $0.leader) }.map(\.sequence))
        running.removeAll { sequence in
            guard sequence.stopReason != nil else { return false }
            cache.release(sequence.giveUp())
            return true
        }
    }

    private func accept(_ draw: ck_draw, for sequence: ActiveSequence) {
        guard draw.token >= 0 else {
            return sequence.request.future.resolve(.failure(TrainingError.notFinite("what the model predicts")))
        }
        sequence.accept(
            token: Int(draw.token), logprob: draw.logprob, contextLength: model.shape.contextLength)
        if let result = sequence.result { sequence.progress.finish(sequence.index, result) }
    }

    /// Lets a sample go on from the prompt that another has computed; false if there is no room.
    private func start(_ sequence: ActiveSequence, behind leader: ActiveSequence) -> Bool {
        let positions = sequence.request.prompt.count
        guard running.count < limits.sequences, let pages = cache.share(leader.pages, positions: positions) else {
            return false
        }
        sequence.take(pages, computed: positions)
        running.append(sequence)
        return true
    }

    private func run(_ batch: RowBatch) -> Activations {
        let rank = batch.adapterRuns.compactMap { $0.adapter?.layout.paddedRank }.max() ?? 16
        let space =
            activations.flatMap { $0.fits(rows: batch.count, paddedRank: rank, kept: .nothing) ? $0 : nil }
            ?? Activations(
                shape: model.shape, capacity: max(batch.count, SampleRequest.rowsPerPass), paddedRank: rank,
                kept: .nothing)
        activations = space
        transformer.forward(batch, space, check: {})
        return space
    }
}
