import Synchronization
import TinkerWire
package import Tokenizers
package import TrainingAPI

/// The sampling verbs on remote weights.
package final class RemoteSamplingClient: SamplingClient {
    package let baseModel: String
    package let tokenizer: any Tokenizer
    private let contextLength: Int?
    private let sessionID: String
    private let service: RemoteService
    private let nextSequence = Mutex(0)
    private let dialect: Dialect
    private let snapshot: SkyRLSnapshots.Snapshot?
    /// Samples whose results are waited for.
    private let outstanding: Budget

    /// Weights as a service knows them; `snapshot` says which state of a model they are, where that matters.
    init(
        sessionID: String, model: RemoteModel, service: RemoteService, opened: ServiceSession.Opened,
        snapshot: SkyRLSnapshots.Snapshot? = nil
    ) {
        self.sessionID = sessionID
        baseModel = model.name
        tokenizer = model.tokenizer
        contextLength = model.contextLength
        self.service = service
        dialect = opened.dialect
        self.snapshot = dialect.family == .skyRL ? snapshot : nil
        outstanding = Budget(opened.config.maxConcurrentSamples)
    }

    package var maxContextLength: Int { contextLength ?? RemoteModel.assumedContextLength }
    private var connection: ServiceConnection { service.connection }

    package func sample(
        prompt: ModelInput, numSamples: Int, params: SamplingParams, includePromptLogprobs: Bool
    ) -> Future<SampleResponse> {
        do {
            try validate(prompt)
            try params.validate(numSamples: numSamples, promptLength: prompt.length, contextLength: contextLength)
        } catch { return Future(.failure(error)) }
        var params = params
        // Services differ in what no limit means, and some refuse it.
        if params.maxTokens == nil, let contextLength { params.maxTokens = contextLength - prompt.length }
        if dialect.family == .skyRL, params.maxTokens == nil {
            return Future(
                .failure(
                    TrainingError.usage(
                        "\(connection.address.host) (SkyRL) does not say how long its context is, so a sample needs max_tokens",
                        hint: "set max_tokens in SamplingParams")))
        }
        let request = Wire.SampleRequest(
            numSamples: numSamples, prompt: Wire.ModelInput(prompt), samplingParams: Wire.SamplingParams(params),
            samplingSessionID: sessionID, promptLogprobs: includePromptLogprobs)
        return future("sample") { [self] in
            let response = try await SampleResponse(result(of: request), promptLength: prompt.length)
            guard response.sequences.count == numSamples else {
                throw RemoteError.garbage("\(response.sequences.count) sequences instead of \(numSamples)")
            }
            return response
        }
    }

    package func computeLogprobs(_ input: ModelInput) -> Future<[Float?]> {
        do { try validate(input) } catch { return Future(.failure(error)) }
        return future("compute_logprobs") { [self] in try await promptLogprobs(input) }
    }

    package func scoreNextTokens(_ inputs: [ModelInput], candidates: [Int]) -> Future<[[Float]]> {
        do { for input in inputs { try validate(input) } } catch { return Future(.failure(error)) }
        return future("score_next_tokens") { [self] in
            try await withThrowingTaskGroup(of: (Int, Int, Float).self) { group in
                for (row, input) in inputs.enumerated() {
                    for (column, candidate) in candidates.enumerated() {
                        group.addTask { [self] in
                            guard let logprob = try await promptLogprobs(input.appending([candidate])).last ?? nil else {
                                throw RemoteError.garbage("no logprob of the last token")
                            }
                            return (row, column, logprob)
                        }
                    }
                }
                var scores = [[Float]](repeating: [Float](repeating: 0, count: candidates.count), count: inputs.count)
                while let (row, column, logprob) = try await group.next() { scores[row][column] = logprob }
                return scores
            }
        }
    }

    // MARK: Requests

    private func promptLogprobs(_ input: ModelInput) async throws -> [Float?] {
        let request = Wire.SampleRequest(
            prompt: Wire.ModelInput(input), samplingParams: Wire.SamplingParams(maxTokens: 1), samplingSessionID: sessionID,
            promptLogprobs: true)
        let response = try await SampleResponse(result(of: request), promptLength: input.length)
        guard let logprobs = response.promptLogprobs else { throw RemoteError.garbage("no logprobs of the prompt") }
        return logprobs
    }

    private func validate(_ input: ModelInput) throws(TrainingError) {
        guard !input.tokens.isEmpty else { throw .emptyInput("the prompt") }
        if let contextLength, input.length > contextLength {
            throw .contextExceeded(length: input.length, limit: contextLength)
        }
        let limit = dialect.knownVocabulary(of: tokenizer) ?? .max
        for token in input.tokens where token < 0 || token >= limit {
            throw .tokenOutOfRange(token, vocabularySize: tokenizer.vocabularySize)
        }
        try service.snapshots.check(snapshot, host: connection.address.host)
    }

    private func future<Value: Sendable>(
        _ verb: String, _ body: @escaping @Sendable () async throws -> Value
    ) -> Future<Value> {
        Future { [connection] in
            do { return try await body() } catch { throw connection.failure(error, verb) }
        }
    }

    /// Sends a request and waits for its result. A service that has forgotten it is sent it once more, since drawing a sample
    /// changes nothing.
    private func result(of request: Wire.SampleRequest) async throws -> Wire.SampleResponse {
        try await outstanding.withShare(1) {
            var losses = 0
            while true {
                let queued = try await submit(request)
                do {
                    return try await PendingResult<Wire.SampleResponse>(
                        queued.requestID, verb: "sample", kind: "Sample", connection: connection
                    ).value()
                } catch RemoteError.promiseLost {
                    losses += 1
                    guard losses <= 5 else { throw RemoteError.promiseLost }
                }
            }
        }
    }

    private func submit(_ request: Wire.SampleRequest) async throws -> Wire.QueuedResponse {
        var request = request
        request.sequenceID = nextSequence.withLock { next in
            defer { next += 1 }
            return next
        }
        var call = ServiceCall.post("sample", request, path: "/asample", policy: .sample)
        // The service is to refuse what it has no room for, instead of keeping it.
        call.headers = [(name: "X-Tinker-Sampling-Backpressure", value: "1")]
        let posted = call
        let start = connection.pacing.now()
        while true {
            do {
                return try await connection.samples.pass(connection.pacing) { try await connection.call(posted) }
            } catch RemoteError.refused(status: 429, let detail) {
                guard connection.pacing.now() - start < posted.policy.patience else {
                    throw RemoteError.refused(status: 429, detail: detail)
                }
                connection.tell("the service is overloaded; samples are sent more slowly", onceFor: "throttling")
                connection.samples.close(connection.pacing, promptBytes: 10 * request.prompt.tokenCount)
            }
        }
    }
}

extension Wire.ModelInput {
    fileprivate var tokenCount: Int {
        chunks.reduce(0) { count, chunk in if case .encodedText(let tokens) = chunk { count + tokens.count } else { count } }
    }
}
