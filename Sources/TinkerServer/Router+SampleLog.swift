import TinkerWire
import TrainingAPI

extension Router {
    /// Tells which samples of a client have ended, once there are some, or when clients would give up.
    func retrieveFutures(_ request: ServerRequest) async throws -> ServerResponse {
        let message = try request.json(Wire.RetrieveFuturesRequest.self, limits.wire)
        let hold = message.timeoutSeconds.map { min(.seconds(max($0, 0)), limits.pollHold) } ?? limits.pollHold
        try await state.forget(message.retrievedRequestIDs, of: message.samplingSessionID)
        let (answer, news) = try await state.completions(message)
        guard answer.completions.isEmpty, hold > .zero else { return .json(answer) }
        try await state.beginWait(message.samplingSessionID)
        do {
            _ = try await news.outcome(within: hold, clock)
            await state.endWait(message.samplingSessionID)
        } catch {
            await state.endWait(message.samplingSessionID)
            throw error
        }
        return .json(try await state.completions(message).answer)
    }

    /// Gives up a sample that nobody waits for any more. One that is gone needs nothing.
    func cancelFuture(_ request: ServerRequest) async throws -> ServerResponse {
        let message = try request.json(Wire.CancelFutureRequest.self, limits.wire)
        try await state.cancel(message.requestID)
        return .noContent
    }
}

extension ServerState {
    /// Copies of a sampling client number their requests in blocks of this size.
    private static let clonedBlock = 1_000_000_000

    /// A sample has ended.
    func noteSample(_ samplerID: String, number: Int?, requestID: String, hasFailed: Bool) {
        let clone = (number ?? 0) / Self.clonedBlock
        samplers[samplerID]?.logs[clone, default: SampleLog()].add(
            SampleLog.Event(state: hasFailed ? "failed" : "finished", requestID: requestID))
    }

    /// What has ended since a client last asked, and what will tell of the next.
    func completions(
        _ message: Wire.RetrieveFuturesRequest
    ) throws(ServerError) -> (answer: Wire.RetrieveFuturesResponse, news: Future<Void>) {
        let sampler = try sampler(message.samplingSessionID)
        var log = sampler.logs[message.clonedSamplerID] ?? SampleLog()
        let events = log.events(after: message.previousCursor)
        sampler.logs[message.clonedSamplerID] = log
        return (Wire.RetrieveFuturesResponse(completions: events, cursor: log.cursor), log.news)
    }

    /// A session whose client waits for an answer is alive until `endWait`.
    func beginWait(_ samplerID: String) throws(ServerError) { try session(sampler(samplerID).sessionID).polls += 1 }

    /// Ends what `beginWait` has begun.
    func endWait(_ samplerID: String) {
        guard let sampler = samplers[samplerID], let session = sessions[sampler.sessionID] else { return }
        session.lastBeat = clock.now()
        session.polls -= 1
    }

    /// Frees results that a client has got.
    func forget(_ requests: [String], of samplerID: String) throws(ServerError) {
        let sampler = try sampler(samplerID)
        for id in requests where id.hasPrefix(samplerID + ":") { forgetResult(id, sessionID: sampler.sessionID) }
    }

    /// Gives up a sample. Throws status 400 for anything else, because nobody would know the state of its model.
    func cancel(_ id: String) throws(ServerError) {
        guard let entry = entries[id] else { return }
        guard id.contains(":sample:") else {
            throw ServerError(400, "request '\(id.prefix(120))' is no sample; only samples can be given up")
        }
        entry.request.result.cancel()
    }
}
