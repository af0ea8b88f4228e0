import TinkerWire
import TrainingAPI

extension ServerState {
    typealias SamplingWork = @Sendable (any SamplingClient) -> Future<ResultMessage>

    /// The name of a session's sampler, and whether it is there already.
    func samplerID(sessionID: String, number: Int) throws(ServerError) -> (id: String, exists: Bool) {
        let session = try session(sessionID)
        let id = "\(sessionID):sample:\(number)"
        if samplers[id] != nil { return (id, true) }
        guard session.samplers.count < limits.samplersPerSession else {
            throw ServerError(400, "a session has \(limits.samplersPerSession) samplers at most")
        }
        return (id, false)
    }

    /// Adds a sampler that has been made. Throws if its session is over by now.
    func addSampler(_ id: String, sessionID: String, client: any SamplingClient, modelPath: String?) throws(ServerError) {
        let session = try session(sessionID)
        guard samplers[id] == nil else { return }
        add(Sampler(id: id, sessionID: sessionID, client: client, modelPath: modelPath), to: session)
    }

    /// Starts a sampling request, or finds the same one sent before.
    func sample(
        samplerID: String, number: Int?, samples: Int, fingerprint: Fingerprint, work: SamplingWork
    ) throws(ServerError) -> PendingRequest {
        let sampler = try sampler(samplerID)
        let session = try session(sampler.sessionID)
        if let number, let known = sampler.known[number] {
            guard known.fingerprint == fingerprint else {
                throw ServerError(400, "request \(number) of '\(samplerID)' was sent before with other contents")
            }
            // A result that has been forgotten is drawn again.
            if let entry = entries[known.requestID] { return entry.request }
        }
        if number == nil { sampler.unnumbered += 1 }
        let id = "\(samplerID):\(number ?? -sampler.unnumbered)"
        let request = try admit(id, session, sequenceIDs: (0..<samples).map { "\(id):\($0)" })
        if let number { sampler.known[number] = (fingerprint, id) }
        request.result.whenDone { outcome in
            let hasFailed = (try? outcome.get()) == nil
            Task { await self.noteSample(samplerID, number: number, requestID: id, hasFailed: hasFailed) }
        }
        request.follow(work(sampler.client))
        return request
    }

    /// The number of one more copy of a sampling client.
    func join(_ samplerID: String) throws(ServerError) -> Int {
        let sampler = try sampler(samplerID)
        sampler.clones += 1
        return sampler.clones
    }

    /// What a sampler samples.
    func samplerInfo(_ id: String) throws(ServerError) -> Wire.SamplerInfo {
        let sampler = try sampler(id)
        return Wire.SamplerInfo(samplerID: id, baseModel: sampler.client.baseModel, modelPath: sampler.modelPath)
    }
}
