import Foundation
import TinkerWire
import TrainingAPI

extension ServerState {
    typealias TrainingWork = @Sendable (any TrainingClient) -> Future<ResultMessage>

    /// Creates a model, or finds the request that has. Returns the request's id.
    func createModel(
        sessionID: String, number: Int, fingerprint: Fingerprint, userMetadata: [String: Wire.JSONValue]?,
        client: @Sendable () -> Future<any TrainingClient>, result: @escaping @Sendable (String) -> ResultMessage
    ) throws(ServerError) -> String {
        let session = try session(sessionID)
        let id = "\(sessionID):train:\(number)"
        if let model = models[id] {
            guard model.creation.fingerprint == fingerprint else {
                throw ServerError(400, "model \(number) of this session exists and was created in another way")
            }
            return model.creation.request.id
        }
        guard number >= 0, session.models.count < limits.modelsPerSession else {
            throw ServerError(400, "a session has \(limits.modelsPerSession) models at most")
        }
        let request = try admit("\(id):0", session)
        let model = TrainedModel(
            id: id, sessionID: sessionID, creation: (fingerprint, request), userMetadata: userMetadata, now: clock.now())
        add(model, to: session)
        let client = client()
        request.result.onCancel { client.cancel() }
        client.whenDone { outcome in
            Task {
                await self.finishCreation(of: id, outcome)
                request.result.resolve(outcome.map { _ in result(id) })
            }
        }
        return request.id
    }

    private func finishCreation(of id: String, _ outcome: Result<any TrainingClient, any Error>) {
        guard let model = models[id] else { return }
        switch outcome {
        case .success(let client):
            model.client = client
            run(model)
        case .failure:
            removeModel(id)
        }
    }

    /// Queues a call on a model, or finds the request of the same call sent before. Returns the request's id.
    func enqueue(
        modelID: String, number: Int?, fingerprint: Fingerprint, work: @escaping TrainingWork
    ) throws(ServerError) -> String {
        let model = try model(modelID)
        let session = try session(model.sessionID)
        guard let number else {
            model.unnumbered += 1
            let request = try admit("\(modelID):-\(model.unnumbered)", session)
            start(TrainedModel.Call(request: request, work: work), on: model)
            return request.id
        }
        if let known = model.known[number] {
            guard known.fingerprint == fingerprint else {
                throw ServerError(400, "call \(number) of model '\(modelID)' was sent before with other contents")
            }
            return known.requestID
        }
        guard number >= model.queue.next else {
            throw ServerError(400, "seq_id is \(number), but the model's next call is \(model.queue.next)")
        }
        let request = try admit("\(modelID):\(number)", session)
        model.known[number] = (fingerprint, request.id)
        _ = model.queue.add(TrainedModel.Call(request: request, work: work), at: number)
        run(model)
        return request.id
    }

    /// Hands the calls whose turn it is to the service, which keeps their order.
    private func run(_ model: TrainedModel) {
        if model.client != nil {
            while let call = model.queue.take() { start(call, on: model) }
        }
        model.stalledSince = model.queue.hasGap ? model.stalledSince ?? clock.now() : nil
    }

    private func start(_ call: TrainedModel.Call, on model: TrainedModel) {
        guard let client = model.client else {
            return call.request.result.resolve(.failure(ServerError(400, "model '\(model.id)' has not been created yet")))
        }
        call.request.follow(call.work(client))
    }

    /// Fails calls that wait for one which never came: run without it they would mean something else.
    func abandonGap(of model: TrainedModel) {
        let missing = model.queue.next
        for (number, call) in model.queue.abandonGap() {
            call.request.result.resolve(
                .failure(
                    ServerError(400, "call \(number) was not run: call \(missing) of model '\(model.id)' has not arrived")))
        }
        model.stalledSince = nil
    }
}
