import TinkerWire
package import TrainingAPI

/// A Tinker-compatible service as a place where models are trained and sampled. Nothing is sent before the first verb.
package final class RemoteService: TrainingService {
    let session: ServiceSession
    let snapshots = SkyRLSnapshots()
    private let tokenizers: RemoteTokenizers

    /// What is sampled: a base model, or saved weights.
    enum Weights: Sendable {
        case base(String)
        case path(String)
    }

    /// The service behind a connection. Texts are read and written by `tokenizers`.
    package init(connection: ServiceConnection, tokenizers: RemoteTokenizers) {
        session = ServiceSession(connection: connection)
        self.tokenizers = tokenizers
    }

    var connection: ServiceConnection { session.connection }

    package var summary: String { connection.address.host }

    package func serverCapabilities() -> Future<ServerCapabilities> {
        future("get_server_capabilities") { [self] in
            let offer = try await session.capabilities()
            return ServerCapabilities(
                supportedModels: offer.supportedModels.map {
                    .init(
                        modelName: $0.modelName, maxContextLength: $0.maxContextLength ?? RemoteModel.assumedContextLength)
                },
                supportedLossFunctions: LossFunction.Name.allCases.map(\.rawValue),
                supportsMultipleTargets: try await session.opened().dialect.family == .tinker)
        }
    }

    package func createLoraTrainingClient(baseModel: String, config: LoraConfig) -> Future<any TrainingClient> {
        future("create_lora_training_client") { [self] in
            try config.validate()
            try await check(baseModel, \.isTrainable, "trained")
            return try await newModel(baseModel, config)
        }
    }

    package func createTrainingClient(fromState path: String, withOptimizer: Bool) -> Future<any TrainingClient> {
        let verb = "create_training_client_from_state"
        return future(verb) { [self] in
            if try await session.opened().dialect.family == .skyRL, let parsed = Wire.CheckpointPath(path) {
                try RemoteTrainingClient.checkOptimizer(withOptimizer, verb, host: connection.address.host)
                guard parsed.kind == .training else { throw TrainingError.checkpointNotFound(path) }
            }
            let info: Wire.WeightsInfo = try await found(path) {
                try await connection.call(.post("weights_info", Wire.WeightsInfoRequest(tinkerPath: path)))
            }
            let config = LoraConfig(
                rank: info.loraRank ?? LoraConfig().rank, trainMlp: info.trainMlp ?? true, trainAttn: info.trainAttn ?? true,
                trainUnembed: info.trainUnembed ?? true)
            // Every service lets weights be loaded into a fresh model.
            let client = try await newModel(info.baseModel, config)
            if withOptimizer {
                try await client.loadStateWithOptimizer(path: path).value
            } else {
                try await client.loadState(path: path).value
            }
            return client
        }
    }

    package func createSamplingClient(baseModel: String) -> Future<any SamplingClient> {
        future("create_sampling_client") { [self] in
            try await check(baseModel, \.isSampleable, "sampled")
            let opened = try await session.opened()
            return try await samplingClient(of: .base(baseModel), model: model(baseModel, tokenizerID: nil, opened))
        }
    }

    package func createSamplingClient(modelPath: String) -> Future<any SamplingClient> {
        future("create_sampling_client") { [self] in
            let opened = try await session.opened()
            if opened.dialect.family == .skyRL { try await checkSampler(modelPath) }
            let id = try await found(modelPath) { try await samplingSession(.path(modelPath), opened) }
            let sampler: Wire.SamplerInfo = try await connection.call(.get("create_sampling_client", "/samplers/" + id))
            return RemoteSamplingClient(
                sessionID: id, model: try await model(sampler.baseModel, tokenizerID: nil, opened), service: self, opened: opened,
                snapshot: Wire.CheckpointPath(modelPath).flatMap(snapshots.snapshot))
        }
    }

    package var restClient: (any RestClient)? { RemoteRestClient(service: self) }

    /// Ends the session if one was opened: `success`, `errored` or `interrupted`. Takes a second at most.
    package func finish(reason: String) -> Future<Void> { Future { [session] in await session.finish(reason: reason) } }

    // MARK: Parts

    /// A sampling client of a model whose tokenizer is known.
    func samplingClient(
        of weights: Weights, model: RemoteModel, snapshot: SkyRLSnapshots.Snapshot? = nil
    ) async throws -> RemoteSamplingClient {
        let opened = try await session.opened()
        let id = try await samplingSession(weights, opened)
        return RemoteSamplingClient(sessionID: id, model: model, service: self, opened: opened, snapshot: snapshot)
    }

    /// Throws if SkyRL has no such weights, which it would say of each sample alone.
    private func checkSampler(_ path: String) async throws {
        try await found(path) {
            guard let wanted = Wire.CheckpointPath(path), Dialect.isSkyRL(run: wanted.run), wanted.kind != .training else {
                throw TrainingError.checkpointNotFound(path)
            }
            let checkpoints = try await RemoteRestClient(service: self).checkpoints(ofRun: wanted.run).value
            guard checkpoints.contains(where: { $0.id == "sampler_weights/" + wanted.name }) else {
                throw TrainingError.checkpointNotFound(path)
            }
        }
    }

    private func samplingSession(_ weights: Weights, _ opened: ServiceSession.Opened) async throws -> String {
        var request = Wire.CreateSamplingSessionRequest(
            sessionID: opened.id, samplingSessionSequenceID: await session.nextSampler())
        switch weights {
        case .base(let name): request.baseModel = name
        case .path(let path): request.modelPath = path
        }
        let answer: Wire.CreateSamplingSessionResponse = try await connection.call(.post("create_sampling_session", request))
        return answer.samplingSessionID
    }

    private func newModel(_ baseModel: String, _ config: LoraConfig) async throws -> RemoteTrainingClient {
        let opened = try await session.opened()
        if opened.dialect.family == .skyRL, !config.trainMlp || !config.trainAttn {
            throw TrainingError.usage(
                "\(connection.address.host) (SkyRL) adapts attention and MLP always",
                hint: "leave train_attn and train_mlp at true")
        }
        let queued: Wire.QueuedResponse = try await connection.call(
            .post(
                "create_model",
                Wire.CreateModelRequest(
                    sessionID: opened.id, modelSequenceID: await session.nextModel(), baseModel: baseModel, loraConfig: config)))
        let created = try await PendingResult<Wire.CreateModelResult>(
            queued.requestID, verb: "create_model", kind: "CreateModel", connection: connection
        ).value()
        let info: Wire.ModelInfo = try await connection.call(.post("get_info", Wire.ModelInfoRequest(modelID: created.modelID)))
        if opened.dialect.family == .skyRL {
            connection.tell(
                "SkyRL normalises losses; data are sent so that gradients are sums, as everywhere else", onceFor: "SkyRL")
        }
        return RemoteTrainingClient(
            modelID: created.modelID, model: try await model(baseModel, tokenizerID: info.modelData.tokenizerID, opened),
            config: config, service: self, opened: opened, firstSequence: 1)
    }

    /// A base model and its tokenizer.
    private func model(_ name: String, tokenizerID: String?, _ opened: ServiceSession.Opened) async throws -> RemoteModel {
        let offer = try await session.capabilities().supportedModels.first { $0.modelName == name }
        return RemoteModel(
            name: name,
            tokenizer: try await tokenizers.tokenizer(of: name, id: tokenizerID, pacing: connection.pacing) {
                [connection] in connection.tell($0)
            }, contextLength: offer?.maxContextLength)
    }

    /// Throws if the service does not offer a model, before it is asked for.
    private func check(_ name: String, _ ability: KeyPath<Wire.SupportedModel, Bool?>, _ verb: String) async throws {
        let models = try await session.capabilities().supportedModels
        // A service that lists nothing may still have models.
        guard !models.isEmpty else { return }
        guard let offer = models.first(where: { $0.modelName == name }) else {
            throw TrainingError.unknownModel(name, known: models.map(\.modelName))
        }
        if offer[keyPath: ability] == false {
            throw TrainingError.usage("\(name) cannot be \(verb) on \(connection.address.host)")
        }
    }

    private func found<Value>(_ path: String, _ body: () async throws -> Value) async throws -> Value {
        guard Wire.CheckpointPath(path) != nil else {
            throw TrainingError.usage("'\(path)' is no checkpoint", hint: "paths look like tinker://RUN/weights/NAME")
        }
        do { return try await body() } catch RemoteError.refused(status: 404, _) { throw TrainingError.checkpointNotFound(path) }
    }

    private func future<Value: Sendable>(
        _ verb: String, _ body: @escaping @Sendable () async throws -> Value
    ) -> Future<Value> {
        Future { [connection] in
            do { return try await body() } catch { throw connection.failure(error, verb) }
        }
    }
}
