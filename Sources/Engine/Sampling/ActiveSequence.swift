import CKernels
import Tensors
import TrainingAPI

/// A prompt and its continuation that is being sampled. It can lose its pages at any time between two passes; what it lacks is then
/// computed again, to the same bits.
final class ActiveSequence {
    let progress: SampleProgress
    let index: Int
    /// The prompt and what has been drawn.
    private(set) var tokens: [Int]
    private(set) var logprobs: [Float] = []
    private(set) var stopReason: StopReason?
    /// Pages of the cache for its tokens, and their blocks.
    private(set) var pages: [CachePage] = []
    private(set) var blocks: [KVBlock] = []
    /// How many tokens have their keys and values in the pages.
    private(set) var computed = 0
    private var stops: StopMatcher

    init(_ progress: SampleProgress, index: Int) {
        self.progress = progress
        self.index = index
        tokens = progress.request.prompt
        stops = progress.request.stops
    }

    var request: SampleRequest { progress.request }

    /// Tokens yet to be computed before the next can be drawn.
    var remaining: Int { tokens.count - computed }

    /// Whether the samples of its request wait for it to compute their prompt.
    var leads: Bool { index == 0 && logprobs.isEmpty && request.samples > 1 }

    // MARK: Pages

    func take(_ pages: [CachePage], computed: Int) {
        self.pages = pages
        blocks = pages.map(\.block)
        self.computed = computed
    }

    func append(_ page: CachePage) {
        pages.append(page)
        blocks.append(page.block)
    }

    /// Gives up its pages, for the cache to take back.
    func giveUp() -> [CachePage] {
        defer { take([], computed: 0) }
        return pages
    }

    /// Adds its next rows to a pass, a piece for each page that they go to; returns the row after the last.
    func compute(_ rows: Int, in batch: inout RowBatch, positionsPerPage: Int) -> Int {
        let end = computed + rows
        while computed < end {
            let page = computed / positionsPerPage
            let next = min(end, (page + 1) * positionsPerPage)
            batch.append(
                tokens[computed..<next], position: computed,
                blocks: page + 1 == blocks.count ? blocks : Array(blocks[...page]), adapter: request.adapter)
            computed = next
        }
        return batch.count
    }

    // MARK: Drawing

    /// What is to be drawn next. The uniform number depends on the seed, the sample and the position, never on the batch.
    var draw: ck_draw {
        var random = SeededRandom(request.seed, index, logprobs.count)
        // 24 bits, so that rounding to float32 never gives 1.
        let uniform = Float(random.next() >> 40) * 0x1p-24
        let params = request.params
        return ck_draw(
            temperature: Float(params.temperature), top_p: Float(params.topP), top_k: Int32(clamping: params.topK),
            uniform: uniform, token: 0, logprob: 0)
    }

    func accept(token: Int, logprob: Float, contextLength: Int) {
        tokens.append(token)
        logprobs.append(logprob)
        if stops.accept(token, request.tokenizer) {
            stopReason = .stop
        } else if logprobs.count >= request.mostTokens(contextLength: contextLength) {
            stopReason = .length
        }
    }

    /// The finished continuation; nil while it goes on.
    var result: SampledSequence? {
        stopReason.map { SampledSequence(tokens: Array(tokens[request.prompt.count...]), logprobs: logprobs, stopReason: $0) }
    }
}
