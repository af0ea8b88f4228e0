import Tensors
import TinkerWire
import TrainingAPI

extension Router {
    /// Throws status 404 for a model that is not on offer; the service itself may read any file as one.
    func checkOffered(_ baseModel: String) async throws {
        let offered: [String]
        if let models = configuration.models {
            offered = models
        } else {
            offered = try await service.serverCapabilities().value.supportedModels.map(\.modelName)
        }
        guard offered.contains(baseModel) else {
            throw TrainingError.unknownModel(String(baseModel.prefix(200)), known: offered)
        }
    }

    func createModel(_ request: ServerRequest) async throws -> ServerResponse {
        let message = try request.json(Wire.CreateModelRequest.self, limits.wire)
        try await checkOffered(message.baseModel)
        try Self.checkOptimizer(message.optimizerConfig)
        let config = message.loraConfig ?? LoraConfig()
        let id = try await state.createModel(
            sessionID: message.sessionID, number: message.modelSequenceID, fingerprint: Fingerprint(request),
            userMetadata: message.userMetadata,
            client: { self.service.createLoraTrainingClient(baseModel: message.baseModel, config: config) },
            result: { ResultMessage(Wire.CreateModelResult(modelID: $0)) })
        return Self.queued(id)
    }

    private static func checkOptimizer(_ config: Wire.OptimizerConfig?) throws(ServerError) {
        guard let config, config.kind != "adamw", config.kind != "adam" else { return }
        throw ServerError(400, "optimizer '\(config.kind.prefix(80))' is unknown; this server has adamw")
    }

    static func queued(_ id: String, sequenceIDs: [String]? = nil) -> ServerResponse {
        .json(Wire.QueuedResponse(requestID: id, sampleSequenceIDs: sequenceIDs), status: 202)
    }

    func modelInfo(_ request: ServerRequest) async throws -> ServerResponse {
        let message = try request.json(Wire.ModelInfoRequest.self, limits.wire)
        let client = try await state.client(of: message.modelID)
        return .json(
            Wire.ModelInfo(
                modelID: message.modelID,
                modelData: Wire.ModelData(modelName: client.baseModel, tokenizerID: configuration.tokenizerID), isLora: true,
                loraRank: client.loraConfig.rank, modelName: client.baseModel,
                optimizerConfig: Wire.OptimizerConfig(kind: "adamw")))
    }

    func unloadModel(_ request: ServerRequest) async throws -> ServerResponse {
        let message = try request.json(Wire.UnloadModelRequest.self, limits.wire)
        return Self.queued(try await state.unload(message.modelID))
    }

    /// Reads a training call and queues it. One that cannot be read or run takes its turn all the same and fails then, because
    /// the client counts on.
    func call(
        _ request: ServerRequest, _ read: (ServerRequest) throws -> (Wire.CallHeader, ServerState.TrainingWork)
    ) async throws -> ServerResponse {
        let header: Wire.CallHeader, work: ServerState.TrainingWork
        do {
            (header, work) = try read(request)
        } catch {
            guard let known = try? callHeader(of: request) else { throw error }
            header = known
            work = { _ in Future(.failure(error)) }
        }
        let id = try await state.enqueue(
            modelID: header.modelID, number: header.sequenceID, fingerprint: Fingerprint(request), work: work)
        return Self.queued(id)
    }

    private func callHeader(of request: ServerRequest) throws -> Wire.CallHeader {
        switch try request.format {
        case .json: try Wire.CallHeader(jsonBody: request.body, limits: limits.wire)
        case .protobuf: try Wire.CallHeader(protobufBody: request.body, limits: limits.wire)
        }
    }

    func forwardBackward(_ request: ServerRequest) async throws -> ServerResponse {
        let limits = limits.wire
        return try await call(request) { request in
            let message =
                switch try request.format {
                case .json: try Wire.ForwardBackwardRequest(jsonBody: request.body, limits: limits)
                case .protobuf: try Wire.ForwardBackwardRequest(protobufBody: request.body, limits: limits)
                }
            let loss = try LossFunction(named: message.lossFn, config: message.lossSettings())
            var data = try message.datums()
            // SkyRL's clients leave weights out.
            if loss.name == .crossEntropy { for index in data.indices { data[index].fillWeights() } }
            let forwardOnly = message.forwardOnly
            let tokens = data.reduce(0) { $0 + $1.modelInput.length }
            return (
                Wire.CallHeader(modelID: message.modelID, sequenceID: message.sequenceID),
                { [data] client in
                    let future = forwardOnly ? client.forward(data, loss: loss) : client.forwardBackward(data, loss: loss)
                    return future.map { output in
                        var output = try Wire.ForwardBackwardOutput(output, limits: limits)
                        output.metrics = Self.mergeable(output.metrics)
                        return ResultMessage(output, tokens: tokens)
                    }
                }
            )
        }
    }

    /// The reductions by which SDKs merge the metrics of chunks. A name without one of them makes them fail.
    private static let reductions: Set<String> = ["mean", "sum", "min", "max", "slack", "hash2", "unique"]

    /// Metrics with names that every SDK can merge.
    static func mergeable(_ metrics: [String: Double]) -> [String: Double] {
        var result: [String: Double] = [:]
        for (name, value) in metrics {
            let parts = name.split(separator: ":", omittingEmptySubsequences: false)
            let isMergeable = parts.count == 2 && reductions.contains(String(parts[1]))
            result[isMergeable ? name : name.replacing(":", with: "_") + ":mean"] = value
        }
        return result
    }

    func optimStep(_ request: ServerRequest) async throws -> ServerResponse {
        let limits = limits.wire
        return try await call(request) { request in
            let message = try request.json(Wire.OptimStepRequest.self, limits)
            guard case .adam(let params) = message.optimizer else {
                throw ServerError(400, "optimizer 'dimuon' is unknown; this server has adamw")
            }
            return (
                Wire.CallHeader(modelID: message.modelID, sequenceID: message.sequenceID),
                { client in client.optimStep(params).map { ResultMessage(Wire.OptimStepResult($0)) } }
            )
        }
    }
}

extension Datum {
    /// Gives every target the weight 1 if there are no weights.
    fileprivate mutating func fillWeights() {
        guard lossFnInputs["weights"] == nil, let targets = lossFnInputs["target_tokens"] else { return }
        lossFnInputs["weights"] = Tensor([Float](repeating: 1, count: targets.count), shape: targets.shape)
    }
}

extension ServerState {
    /// The client of a model. Throws status 400 until it has been created.
    func client(of id: String) throws(ServerError) -> any TrainingClient {
        guard let client = try model(id).client else {
            throw ServerError(400, "model '\(id)' has not been created yet; fetch the result of its creation first")
        }
        return client
    }

    /// Frees a model; returns the id of a request that has ended.
    func unload(_ id: String) throws(ServerError) -> String {
        let session = try session(model(id).sessionID)
        removeModel(id)
        session.models.removeAll { $0 == id }
        let request = try admit("\(id):unload", session)
        request.result.resolve(.success(ResultMessage(Wire.UnloadModelResult(modelID: id))))
        return request.id
    }
}
