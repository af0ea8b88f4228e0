import Foundation
import TinkerWire
import TrainingAPI

extension Router {
    func saveWeights(_ request: ServerRequest) async throws -> ServerResponse {
        let limits = limits.wire
        return try await call(request) { request in
            let message = try request.json(Wire.SaveWeightsRequest.self, limits)
            let path = Wire.CheckpointPath(run: message.modelID, kind: .training, name: message.path).description
            if message.overwrite == false, catalogue[path] != nil {
                throw TrainingError.usage("\(path) exists", hint: "pass overwrite=True, or choose another name")
            }
            return (
                Wire.CallHeader(modelID: message.modelID, sequenceID: message.sequenceID),
                { client in
                    let saving = client.saveState(name: message.path)
                    return saving.map { servicePath in
                        try self.record(path, servicePath, client, message.ttlSeconds, message.userMetadata)
                        return ResultMessage(Wire.SaveWeightsResult(path: path))
                    }
                }
            )
        }
    }

    func saveWeightsForSampler(_ request: ServerRequest) async throws -> ServerResponse {
        let limits = limits.wire
        return try await call(request) { request in
            let message = try request.json(Wire.SaveWeightsForSamplerRequest.self, limits)
            let header = Wire.CallHeader(modelID: message.modelID, sequenceID: message.sequenceID)
            guard let name = message.path else {
                return (header, try self.temporarySampler(message))
            }
            let path = Wire.CheckpointPath(run: message.modelID, kind: .sampler, name: name).description
            return (
                header,
                { client in
                    client.saveWeightsForSampler(name: name).map { servicePath in
                        try self.record(path, servicePath, client, message.ttlSeconds, message.userMetadata)
                        return ResultMessage(Wire.SaveWeightsForSamplerResult(path: path))
                    }
                }
            )
        }
    }

    /// Opens a sampling session on the weights as they are, without a checkpoint.
    private func temporarySampler(_ message: Wire.SaveWeightsForSamplerRequest) throws -> ServerState.TrainingWork {
        guard let number = message.samplingSessionSequenceID else {
            throw ServerError(400, "path or sampling_session_seq_id is required")
        }
        guard let end = message.modelID.range(of: ":train:", options: .backwards)?.lowerBound else {
            throw ServerError(404, "there is no model '\(message.modelID.prefix(120))'")
        }
        let sessionID = String(message.modelID[..<end])
        let samplerID = "\(sessionID):sample:\(number)"
        return { client in
            // Queued now, in its turn; what follows only waits for it.
            let saving = client.saveWeightsAndGetSamplingClient(name: nil)
            return Future {
                try await self.state.addSampler(
                    samplerID, sessionID: sessionID, client: try await saving.value, modelPath: nil)
                return ResultMessage(Wire.SaveWeightsForSamplerResult(samplingSessionID: samplerID))
            }
        }
    }

    /// Saves an adapter for download: the same files as for sampling, under a name of their own.
    func saveWeightsExternal(_ request: ServerRequest) async throws -> ServerResponse {
        let limits = limits.wire
        return try await call(request) { request in
            let message = try request.json(Wire.SaveWeightsExternalRequest.self, limits)
            guard message.recipients?.isEmpty ?? true else {
                throw TrainingError.usage("this server does not encrypt", hint: "leave age_encryption_recipients out")
            }
            let path = Wire.CheckpointPath(run: message.modelID, kind: .external, name: message.path).description
            return (
                Wire.CallHeader(modelID: message.modelID, sequenceID: message.sequenceID),
                { client in
                    client.saveWeightsForSampler(name: message.path).map { servicePath in
                        try self.record(path, servicePath, client, message.ttlSeconds, nil)
                        let size = self.catalogue[path].flatMap { self.catalogue.size(of: $0) }
                        return ResultMessage(Wire.SaveWeightsExternalResult(path: path, sizeBytes: size))
                    }
                }
            )
        }
    }

    private func record(
        _ path: String, _ servicePath: String, _ client: any TrainingClient, _ ttl: Int?, _ metadata: [String: String]?
    ) throws {
        let now = clock.now()
        try catalogue.add(
            CheckpointRecord(
                path: path, servicePath: servicePath, time: now, baseModel: client.baseModel, lora: client.loraConfig,
                userMetadata: metadata, expires: ttl.map { now.addingTimeInterval(Double($0)) }))
    }

    /// Loads weights into a model, or creates one of them.
    func loadWeights(_ request: ServerRequest) async throws -> ServerResponse {
        let limits = limits.wire
        let message = try? request.json(Wire.LoadWeightsRequest.self, limits)
        if let message, let sessionID = message.sessionID, let number = message.modelSequenceID {
            let path = catalogue.servicePath(of: message.path)
            let id = try await state.createModel(
                sessionID: sessionID, number: number, fingerprint: Fingerprint(request), userMetadata: message.userMetadata,
                client: { self.service.createTrainingClient(fromState: path, withOptimizer: message.optimizer) },
                result: { ResultMessage(Wire.LoadWeightsResult(path: message.path, modelID: $0)) })
            return Self.queued(id)
        }
        return try await call(request) { request in
            let message = try request.json(Wire.LoadWeightsRequest.self, limits)
            guard let modelID = message.modelID else { throw WireError.missing(path: "model_id") }
            let path = catalogue.servicePath(of: message.path)
            return (
                Wire.CallHeader(modelID: modelID, sequenceID: message.sequenceID),
                { client in
                    let loading = message.optimizer ? client.loadStateWithOptimizer(path: path) : client.loadState(path: path)
                    return loading.map { ResultMessage(Wire.LoadWeightsResult(path: message.path, modelID: modelID)) }
                }
            )
        }
    }

    /// What saved weights are. Those that this server has not saved itself are loaded to find out.
    func weightsInfo(_ request: ServerRequest) async throws -> ServerResponse {
        let message = try request.json(Wire.WeightsInfoRequest.self, limits.wire)
        if let record = catalogue[message.tinkerPath] {
            return .json(Wire.WeightsInfo(baseModel: record.baseModel, lora: record.lora))
        }
        do {
            let client = try await service.createTrainingClient(fromState: message.tinkerPath, withOptimizer: false).value
            return .json(Wire.WeightsInfo(baseModel: client.baseModel, lora: client.loraConfig))
        } catch TrainingError.checkpointNotFound {
            throw ServerError(404, "there is no checkpoint at \(message.tinkerPath.prefix(200))")
        }
    }
}
