import TinkerWire
import Tokenizers
import TrainingAPI

extension Router {
    func createSamplingSession(_ request: ServerRequest) async throws -> ServerResponse {
        let message = try request.json(Wire.CreateSamplingSessionRequest.self, limits.wire)
        let (id, exists) = try await state.samplerID(
            sessionID: message.sessionID, number: message.samplingSessionSequenceID)
        if !exists {
            let client = try await samplingClient(baseModel: message.baseModel, modelPath: message.modelPath)
            try await state.addSampler(id, sessionID: message.sessionID, client: client, modelPath: message.modelPath)
        }
        return .json(Wire.CreateSamplingSessionResponse(samplingSessionID: id))
    }

    private func samplingClient(baseModel: String?, modelPath: String?) async throws -> any SamplingClient {
        if let modelPath {
            return try await service.createSamplingClient(modelPath: catalogue.servicePath(of: modelPath)).value
        }
        guard let baseModel else { throw ServerError(400, "base_model or model_path is required") }
        try await checkOffered(baseModel)
        return try await service.createSamplingClient(baseModel: baseModel).value
    }

    func joinSamplingSession(_ request: ServerRequest) async throws -> ServerResponse {
        let message = try request.json(Wire.JoinSamplingSessionRequest.self, limits.wire)
        return .json(Wire.JoinSamplingSessionResponse(clientCounter: try await state.join(message.samplingSessionID)))
    }

    func sample(_ request: ServerRequest) async throws -> ServerResponse {
        let message = try request.json(Wire.SampleRequest.self, limits.wire)
        try checkAnswerable(message)
        guard let samplerID = message.samplingSessionID else {
            throw ServerError(400, "sampling_session_id is required; create_sampling_session returns one")
        }
        let prompt = try ModelInput(message.prompt)
        let queued = try await state.sample(
            samplerID: samplerID, number: message.sequenceID, samples: message.numSamples, fingerprint: Fingerprint(request)
        ) { client in Self.sample(client, prompt, message) }
        return Self.queued(queued.id, sequenceIDs: queued.sequenceIDs)
    }

    /// Refuses by name what the service has no way to answer.
    private func checkAnswerable(_ message: Wire.SampleRequest) throws(ServerError) {
        guard (1...limits.samplesPerRequest).contains(message.numSamples) else {
            throw ServerError(
                400, "num_samples is \(message.numSamples); this server draws 1 to \(limits.samplesPerRequest) at a time")
        }
        let unknown = [
            ("topk_prompt_logprobs", message.topKPromptLogprobs > 0),
            ("topk_sample_logprobs", (message.topKSampleLogprobs ?? 0) > 0),
            ("prompt_alt_tokens_k", (message.promptAltTokens ?? 0) > 0),
            ("target_prompt_logprobs", message.targetPromptLogprobs != nil),
        ].filter(\.1).map(\.0)
        guard unknown.isEmpty else {
            throw ServerError(400, "this server cannot answer " + unknown.joined(separator: ", "))
        }
    }

    private static func sample(
        _ client: any SamplingClient, _ prompt: ModelInput, _ message: Wire.SampleRequest
    ) -> Future<ResultMessage> {
        let params = SamplingParams(message.samplingParams, endOfText: client.tokenizer.eosToken.map { [$0] } ?? [])
        // SDKs score a text by drawing one token after it, for which a text that fills the context has no room.
        if message.promptLogprobs, params.maxTokens == 1, prompt.length == client.maxContextLength {
            return client.computeLogprobs(prompt).map { logprobs in
                let empty = Wire.SampledSequence(tokens: [], logprobs: [], stopReason: .length)
                return ResultMessage(
                    Wire.SampleResponse(
                        sequences: .init(repeating: empty, count: message.numSamples),
                        promptLogprobs: last(message.promptLogprobsLast, of: logprobs)),
                    tokens: prompt.length)
            }
        }
        let future = client.sample(
            prompt: prompt, numSamples: message.numSamples, params: params, includePromptLogprobs: message.promptLogprobs)
        return future.map { response in
            var answer = Wire.SampleResponse(response)
            answer.promptLogprobs = answer.promptLogprobs.map { last(message.promptLogprobsLast, of: $0) }
            return ResultMessage(
                answer, tokens: prompt.length + response.sequences.reduce(0) { $0 + $1.tokens.count })
        }
    }

    /// The logprobs of the last positions; those before are null.
    private static func last(_ count: Int?, of logprobs: [Float?]) -> [Float?] {
        guard let count, count < logprobs.count else { return logprobs }
        return .init(repeating: nil, count: logprobs.count - max(count, 0)) + logprobs.suffix(max(count, 0))
    }
}
