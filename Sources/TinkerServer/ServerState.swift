import Foundation
import TinkerWire
import TrainingAPI

/// Everything that a server remembers between requests: sessions, models, samplers and results.
actor ServerState {
    /// A result on its way, and when it came and was fetched.
    struct Entry {
        let request: PendingRequest
        var finishedAt: Date?
        var fetchedAt: Date?
    }

    let limits: ServerLimits
    let clock: ServerClock
    private(set) var sessions: [String: Session] = [:]
    private(set) var models: [String: TrainedModel] = [:]
    private(set) var samplers: [String: Sampler] = [:]
    private(set) var entries: [String: Entry] = [:]
    private(set) var throughput = Throughput()
    private(set) var isStopping = false
    private var hasClosedSessions = false

    init(limits: ServerLimits, clock: ServerClock) {
        self.limits = limits
        self.clock = clock
    }

    // MARK: Sessions

    func openSession(_ request: Wire.CreateSessionRequest) throws(ServerError) -> String {
        try refuseWhileStopping()
        guard sessions.count < limits.sessions else {
            throw ServerError(429, "\(limits.sessions) sessions are open, which is the limit; try again later")
        }
        let session = Session(request, now: clock.now())
        sessions[session.id] = session
        return session.id
    }

    /// Throws status 410 for a session that is over, so that its client stops beating.
    func beat(_ sessionID: String) throws(ServerError) {
        guard let session = sessions[sessionID] else {
            throw ServerError(410, "session '\(sessionID.prefix(80))' is over or was never opened")
        }
        session.lastBeat = clock.now()
    }

    /// A session that is alive; any request of a client is a sign of life.
    func session(_ id: String) throws(ServerError) -> Session {
        guard let session = sessions[id] else {
            throw ServerError(
                404,
                "there is no session '\(id.prefix(80))'; a session is closed after \(Int(limits.sessionTimeout)) s without a heartbeat")
        }
        session.lastBeat = clock.now()
        return session
    }

    /// Frees what a session owns; what runs for it is cancelled.
    func closeSession(_ id: String) {
        guard let session = sessions.removeValue(forKey: id) else { return }
        hasClosedSessions = true
        for model in session.models { models[model] = nil }
        for sampler in session.samplers { samplers[sampler] = nil }
        for request in session.requests { entries.removeValue(forKey: request)?.request.result.cancel() }
    }

    // MARK: Results

    /// A new request. Throws status 429 if the session's queue is full.
    func admit(_ id: String, _ session: Session, sequenceIDs: [String]? = nil) throws(ServerError) -> PendingRequest {
        try refuseWhileStopping()
        let open = session.requests.count { entries[$0]?.fetchedAt == nil }
        guard open < limits.queuedCalls else {
            throw ServerError(
                429, "\(limits.queuedCalls) calls of this session are queued or not fetched, which is the limit; fetch some first")
        }
        let request = PendingRequest(id: id, sessionID: session.id, sequenceIDs: sequenceIDs)
        entries[id] = Entry(request: request)
        session.requests.insert(id)
        request.result.whenDone { result in
            let tokens = (try? result.get().tokens) ?? 0
            Task { await self.noteFinished(id, tokens: tokens) }
        }
        return request
    }

    private func noteFinished(_ id: String, tokens: Int) {
        let now = clock.now()
        throughput.add(tokens, at: now)
        entries[id]?.finishedAt = now
    }

    /// The request whose result is asked for, until `endPoll`. Throws status 410 for one that is gone: clients then send a sampling request again.
    func request(_ id: String) throws(ServerError) -> PendingRequest {
        guard let entry = entries[id] else {
            let isOurs = id.contains(":train:") || id.contains(":sample:")
            throw ServerError(
                isOurs ? 410 : 404,
                "there is no request '\(id.prefix(120))'; results go when they have been fetched, and with their session")
        }
        if let session = sessions[entry.request.sessionID] {
            session.lastBeat = clock.now()
            session.polls += 1
        }
        return entry.request
    }

    /// Ends what `request` has begun. A session whose client waits for an answer is alive.
    func endPoll(_ request: PendingRequest, isFetched: Bool) {
        if isFetched { entries[request.id]?.fetchedAt = clock.now() }
        guard let session = sessions[request.sessionID] else { return }
        session.lastBeat = clock.now()
        session.polls -= 1
    }

    /// Frees a result.
    func forgetResult(_ id: String, sessionID: String) {
        entries[id] = nil
        sessions[sessionID]?.requests.remove(id)
    }

    // MARK: Models and samplers

    func add(_ model: TrainedModel, to session: Session) {
        models[model.id] = model
        session.models.append(model.id)
    }

    func removeModel(_ id: String) {
        guard let model = models.removeValue(forKey: id) else { return }
        for call in model.queue.removeAll() {
            call.request.result.resolve(.failure(ServerError(400, "model '\(id)' was unloaded")))
        }
    }

    func model(_ id: String) throws(ServerError) -> TrainedModel {
        guard let model = models[id] else {
            throw ServerError(404, "there is no model '\(id.prefix(120))'; it goes with its session or when it is unloaded")
        }
        _ = try session(model.sessionID)
        model.lastRequest = clock.now()
        return model
    }

    func add(_ sampler: Sampler, to session: Session) {
        samplers[sampler.id] = sampler
        session.samplers.append(sampler.id)
    }

    func sampler(_ id: String) throws(ServerError) -> Sampler {
        guard let sampler = samplers[id] else {
            throw ServerError(404, "there is no sampling session '\(id.prefix(120))'; it goes with its session")
        }
        _ = try session(sampler.sessionID)
        return sampler
    }

    // MARK: Time

    /// Closes sessions that no longer beat, gives up on calls that have not arrived, and forgets old results. Returns whether
    /// sessions were closed between the last sweep and this one.
    func sweep() -> Bool {
        let now = clock.now()
        let hadClosedSessions = hasClosedSessions
        hasClosedSessions = false
        for session in sessions.values
        where session.polls == 0 && now.timeIntervalSince(session.lastBeat) > limits.sessionTimeout {
            closeSession(session.id)
        }
        for model in models.values {
            if let since = model.stalledSince, now.timeIntervalSince(since) > limits.gapPatience { abandonGap(of: model) }
        }
        for (id, entry) in entries {
            guard let finished = entry.finishedAt else { continue }
            let isOld =
                if let fetched = entry.fetchedAt {
                    now.timeIntervalSince(fetched) > limits.fetchedRetention
                } else {
                    now.timeIntervalSince(finished) > limits.unfetchedRetention
                }
            guard isOld else { continue }
            forgetResult(id, sessionID: entry.request.sessionID)
        }
        for sampler in samplers.values { for clone in sampler.logs.keys { sampler.logs[clone]?.keep { entries[$0] != nil } } }
        return hadClosedSessions
    }

    /// Moves all signs of life on by a time that does not count.
    func excuse(seconds: Double) {
        for session in sessions.values { session.lastBeat += seconds }
        for model in models.values { model.stalledSince? += seconds }
    }

    // MARK: Stopping

    private func refuseWhileStopping() throws(ServerError) {
        if isStopping { throw ServerError(503, "the server is stopping") }
    }

    /// Takes no more work, and returns when what is queued has ended and been fetched, or the time is over. Clients that have gone
    /// fetch nothing, so results wait only a moment for them.
    func drain(within time: Duration) async {
        isStopping = true
        let deadline = clock.now().addingTimeInterval(Double(time.components.seconds))
        func isWanted(_ entry: Entry) -> Bool {
            guard let finished = entry.finishedAt else { return true }
            return entry.fetchedAt == nil && clock.now().timeIntervalSince(finished) < limits.lastFetchSeconds
        }
        while entries.values.contains(where: isWanted), clock.now() < deadline {
            guard (try? await clock.sleep(.milliseconds(50))) != nil else { break }
        }
        for id in sessions.keys { closeSession(id) }
    }
}
