import Tensors
import TrainingAPI

/// A continuation that is being sampled.
final class ActiveSequence {
    let request: SampleRequest
    let index: Int
    /// The prompt's block, shared with the other samples of the request, and blocks of its own.
    private(set) var blocks: [KVBlock]
    private(set) var tokens: [Int] = []
    private(set) var logprobs: [Float] = []
    private(set) var stopReason: StopReason?
    private var stops: StopMatcher

    private static let positionsPerBlock = 64

    init(request: SampleRequest, index: Int, promptBlocks: [KVBlock]) {
        self.request = request
        self.index = index
        blocks = promptBlocks
        stops = StopMatcher(request.params.stop)
    }

    /// The position of the last token drawn.
    var lastPosition: Int { request.prompt.count + tokens.count - 1 }

    /// The blocks to compute the last token with, the last of them with room for it.
    func blocksWithRoom(_ shape: TransformerShape) -> [KVBlock] {
        if blocks.count == request.promptBlockCount || blocks.last.map({ $0.count == $0.capacity }) ?? true {
            blocks.append(KVBlock(shape: shape, capacity: Self.positionsPerBlock))
        }
        return blocks
    }

    /// The uniform number of the next draw: it depends on the seed, the sample and the position, never on the batch.
    var uniform: Float {
        var random = SeededRandom(request.seed, index, tokens.count)
        // 24 bits, so that rounding to float32 never gives 1.
        return Float(random.next() >> 40) * 0x1p-24
    }

    func accept(token: Int, logprob: Float, limit: Int) {
        tokens.append(token)
        logprobs.append(logprob)
        if stops.accept(token, request.tokenizer) {
            stopReason = .stop
        } else if tokens.count >= limit {
            stopReason = .length
        }
    }

    var result: SampledSequence {
        SampledSequence(tokens: tokens, logprobs: logprobs, stopReason: stopReason ?? .length)
    }
}
