import CKernels
import TrainingAPI

/// Continuous batching: every step draws the next token of all sequences in flight, of all clients and adapters together, and
/// new requests join between steps. Who shares a batch never changes anybody's result.
final class Sampler {
    private static let sequencesAtOnce = 128

    private let model: BaseModel
    private let transformer: Transformer
    private let head: VocabularyHead
    private var activations: Activations?
    private var active: [ActiveSequence] = []
    /// What has been sampled of requests not yet finished, by request.
    private var unfinished: [ObjectIdentifier: Unfinished] = [:]

    private struct Unfinished {
        var results: [SampledSequence?]
        var promptLogprobs: [Float?]?
    }

    init(model: BaseModel, pool: ThreadPool) {
        self.model = model
        transformer = Transformer(model: model, pool: pool)
        head = VocabularyHead(model: model, pool: pool)
    }

    var isIdle: Bool { active.isEmpty }
    var hasRoom: Bool { active.count < Self.sequencesAtOnce }

    /// Computes prompts and draws their first tokens.
    func admit(_ requests: [SampleRequest]) {
        var waiting = requests.filter { !$0.future.isDone }
        while !waiting.isEmpty {
            var batch = RowBatch()
            var admitted: [(request: SampleRequest, rows: Range<Int>)] = []
            while let next = waiting.first, next.prompt.count <= SampleRequest.rowsPerPass,
                batch.count == 0 || batch.count + next.prompt.count <= SampleRequest.rowsPerPass
            {
                let block = KVBlock(shape: model.shape, capacity: next.prompt.count)
                admitted.append((next, batch.append(next.prompt, blocks: [block], adapter: next.adapter)))
                waiting.removeFirst()
            }
            if admitted.isEmpty {
                admitLong(waiting.removeFirst())
            } else {
                let activations = run(batch)
                let sequences = batch.sequences.map(\.blocks)
                for (entry, blocks) in zip(admitted, sequences) {
                    if entry.request.includePromptLogprobs {
                        keepPromptLogprobs(
                            entry.request, tokens: 0..<entry.request.prompt.count, firstRow: entry.rows.lowerBound,
                            activations)
                    }
                    start(entry.request, promptBlocks: blocks, lastRow: entry.rows.upperBound - 1, activations)
                }
            }
        }
    }

    /// A prompt of more rows than one pass takes.
    private func admitLong(_ request: SampleRequest) {
        var blocks: [KVBlock] = []
        var position = 0
        while position < request.prompt.count {
            if request.future.isDone {
                _ = forget(request)
                return
            }
            let end = min(position + SampleRequest.rowsPerPass, request.prompt.count)
            blocks.append(KVBlock(shape: model.shape, capacity: end - position))
            var batch = RowBatch()
            batch.append(request.prompt[position..<end], position: position, blocks: blocks, adapter: request.adapter)
            let activations = run(batch)
            if request.includePromptLogprobs {
                keepPromptLogprobs(request, tokens: position..<end, firstRow: 0, activations)
            }
            if end == request.prompt.count {
                start(request, promptBlocks: blocks, lastRow: end - position - 1, activations)
            }
            position = end
        }
    }

    private func keepPromptLogprobs(
        _ request: SampleRequest, tokens: Range<Int>, firstRow: Int, _ activations: Activations
    ) {
        let queries = tokens.dropLast(tokens.upperBound == request.prompt.count ? 1 : 0).map { position in
            VocabularyHead.Query(
                row: firstRow + position - tokens.lowerBound, targets: [Int32(request.prompt[position + 1])])
        }
        let values = head.logprobs(queries, normed: activations.normed, adapter: request.adapter).map { Float?($0[0]) }
        let before = unfinished[ObjectIdentifier(request)]?.promptLogprobs ?? [nil]
        unfinished[ObjectIdentifier(request), default: Unfinished(results: [])].promptLogprobs = before + values
    }

    private func start(_ request: SampleRequest, promptBlocks: [KVBlock], lastRow: Int, _ activations: Activations) {
        unfinished[ObjectIdentifier(request), default: Unfinished(results: [])].results =
            Array(repeating: nil, count: request.samples)
        let sequences = (0..<request.samples).map {
            ActiveSequence(request: request, index: $0, promptBlocks: promptBlocks)
        }
        draw(sequences, rows: Array(repeating: lastRow, count: sequences.count), activations)
        active += sequences.filter { $0.stopReason == nil }
    }

    /// Draws the next token of every sequence in flight.
    func step() {
        active.removeAll { $0.request.future.isDone && forget($0.request) }
        guard !active.isEmpty else { return }
        // Rows of one adapter stand together; the order changes nobody's result.
        let order = Dictionary(grouping: active) { $0.request.adapter.map(ObjectIdentifier.init) }
        active = order.values.flatMap(\.self)
        var batch = RowBatch()
        for sequence in active {
            batch.append(
                sequence.tokens.suffix(1), position: sequence.lastPosition,
                blocks: sequence.blocksWithRoom(model.shape),
                adapter: sequence.request.adapter)
        }
        let activations = run(batch)
        draw(active, rows: Array(active.indices), activations)
        active.removeAll { $0.stopReason != nil }
    }

    private func forget(_ request: SampleRequest) -> Bool {
        unfinished[ObjectIdentifier(request)] = nil
        return true
    }

    private func draw(_ sequences: [ActiveSequence], rows: [Int], _ activations: Activations) {
        var draws = sequences.map { sequence in
            ck_draw(
                temperature: Float(sequence.request.params.temperature), top_p: Float(sequence.request.params.topP),
                top_k: Int32(clamping: sequence.request.params.topK), uniform: sequence.uniform, token: 0, logprob: 0)
        }
        head.sample(
            zip(rows, sequences).map { ($0, $1.request.adapter) }, draws: &draws, normed: activations.normed)
        for (sequence, draw) in zip(sequences, draws) {
            let room = model.shape.contextLength - sequence.request.prompt.count
            let limit = min(sequence.request.params.maxTokens ?? room, room)
            sequence.accept(token: Int(draw.token), logprob: draw.logprob, limit: limit)
            if sequence.stopReason != nil { finish(sequence) }
        }
    }

    private func finish(_ sequence: ActiveSequence) {
        let id = ObjectIdentifier(sequence.request)
        unfinished[id]?.results[sequence.index] = sequence.result
        guard let entry = unfinished[id] else { return }
        let results = entry.results.compactMap(\.self)
        guard results.count == entry.results.count else { return }
        unfinished[id] = nil
        sequence.request.future.resolve(
            .success(SampleResponse(sequences: results, promptLogprobs: entry.promptLogprobs)))
    }

    private func run(_ batch: RowBatch) -> Activations {
        let rank = batch.adapterRuns.compactMap { $0.adapter?.layout.paddedRank }.max() ?? 16
        let space =
            activations.flatMap { $0.fits(rows: batch.count, paddedRank: rank, keepAll: false) ? $0 : nil }
            ?? Activations(
                shape: model.shape, capacity: max(batch.count, SampleRequest.rowsPerPass), paddedRank: rank,
                keepAll: false)
        activations = space
        transformer.forward(batch, space)
        return space
    }
}
