import TinkerWire
package import TrainingAPI

extension RemoteTrainingClient {
    package func saveState(name: String) -> Future<String> {
        do { try Self.validate(name) } catch { return Future(.failure(error)) }
        return order.enqueue("save_state") { [self] _ in
            let (queued, _) = try await order.post([
                { sequence in
                    .post(
                        "save_weights", Wire.SaveWeightsRequest(modelID: self.modelID, path: name, sequenceID: sequence),
                        policy: .save)
                }
            ])
            return { [self] in
                let result: Wire.SaveWeightsResult = try await pending(queued, "save_state", "SaveWeights").value()
                return result.path
            }
        }
    }

    package func loadState(path: String) -> Future<Void> { load(path, withOptimizer: false) }
    package func loadStateWithOptimizer(path: String) -> Future<Void> { load(path, withOptimizer: true) }

    /// Names are parts of paths, so what would mean something there is refused before it is sent.
    private static func validate(_ name: String) throws(TrainingError) {
        let isPlain = name.utf8.allSatisfy { $0 > 32 && $0 != 127 && $0 != UInt8(ascii: "/") }
        guard !name.isEmpty, !name.hasPrefix("."), isPlain else {
            throw .usage("'\(name)' cannot name a checkpoint", hint: "use letters, digits, '-', '_' and '.'")
        }
    }

    /// Throws where the optimizer's state is always loaded, if it is not wanted.
    static func checkOptimizer(_ isWanted: Bool, _ verb: String, host: String) throws(TrainingError) {
        guard isWanted else {
            throw .usage(
                "\(host) (SkyRL) loads the optimizer's state with the weights always", hint: "use \(verb)_with_optimizer")
        }
    }

    private func load(_ path: String, withOptimizer: Bool) -> Future<Void> {
        if opened.dialect.family == .skyRL {
            do { try Self.checkOptimizer(withOptimizer, "load_state", host: connection.address.host) } catch {
                return Future(.failure(error))
            }
        }
        return order.enqueue("load_state") { [self] _ in
            let queued: Wire.QueuedResponse
            do {
                (queued, _) = try await order.post([
                    { sequence in
                        .post(
                            "load_weights",
                            Wire.LoadWeightsRequest(
                                modelID: self.modelID, sequenceID: sequence, path: path, optimizer: withOptimizer))
                    }
                ])
            } catch RemoteError.refused(status: 400, let detail) {
                throw TrainingError.service(
                    "\(connection.address.host): load_state: \(detail)",
                    hint: "services load into fresh models only: use create_training_client_from_state"
                        + (withOptimizer ? "_with_optimizer" : ""))
            }
            service.snapshots.change(modelID)
            return { [self] in
                let _: Wire.LoadWeightsResult = try await pending(queued, "load_state", "LoadWeights").value()
            }
        }
    }

    package func saveWeightsForSampler(name: String) -> Future<String> {
        do { try Self.validate(name) } catch { return Future(.failure(error)) }
        return order.enqueue("save_weights_for_sampler") { [self] _ in
            let queued = try await saveForSampler(name: name, samplingSession: nil)
            let snapshot = service.snapshots.present(modelID)
            return { [self] in try await path(of: queued, snapshot) }
        }
    }

    /// Saves the adapter where its files can be downloaded for so many seconds; returns `tinker://RUN/external_weights/NAME`.
    func saveExternal(name: String, seconds: Int) -> Future<String> {
        order.enqueue("save_weights_external") { [self] _ in
            let (queued, _) = try await order.post([
                { sequence in
                    .post(
                        "save_weights_external",
                        Wire.SaveWeightsExternalRequest(
                            modelID: self.modelID, path: name, sequenceID: sequence, ttlSeconds: seconds), policy: .save)
                }
            ])
            return { [self] in
                let result: Wire.SaveWeightsExternalResult = try await pending(
                    queued, "save_weights_external", "SaveWeightsExternal"
                ).value()
                return result.path
            }
        }
    }

    package func saveWeightsAndGetSamplingClient(name: String?) -> Future<any SamplingClient> {
        do { if let name { try Self.validate(name) } } catch { return Future(.failure(error)) }
        return order.enqueue("save_weights_and_get_sampling_client") { [self] _ in
            let number = name == nil ? await service.session.nextSampler() : nil
            let queued = try await saveForSampler(name: name, samplingSession: number)
            let snapshot = service.snapshots.present(modelID)
            return { [self] in
                let model = RemoteModel(name: baseModel, tokenizer: tokenizer, contextLength: contextLength)
                if name != nil {
                    return try await service.samplingClient(
                        of: .path(try await path(of: queued, snapshot)), model: model, snapshot: snapshot)
                }
                let result: Wire.SaveWeightsForSamplerResult = try await pending(
                    queued, "save_weights_for_sampler", "SaveWeightsForSampler"
                ).value()
                guard let id = result.samplingSessionID else { throw RemoteError.garbage("no sampling session for the weights") }
                return RemoteSamplingClient(sessionID: id, model: model, service: service, opened: opened, snapshot: snapshot)
            }
        }
    }

    private func saveForSampler(name: String?, samplingSession: Int?) async throws -> Wire.QueuedResponse {
        try await order.post([
            { sequence in
                .post(
                    "save_weights_for_sampler",
                    Wire.SaveWeightsForSamplerRequest(
                        modelID: self.modelID, path: name, samplingSessionSequenceID: samplingSession, sequenceID: sequence),
                    policy: .save)
            }
        ]).0
    }

    /// The path of saved weights. SkyRL leaves out what they are for.
    private func path(of queued: Wire.QueuedResponse, _ snapshot: SkyRLSnapshots.Snapshot) async throws -> String {
        let result: Wire.SaveWeightsForSamplerResult = try await pending(
            queued, "save_weights_for_sampler", "SaveWeightsForSampler"
        ).value()
        guard let given = result.path else { throw RemoteError.garbage("no path of the saved weights") }
        guard var path = Wire.CheckpointPath(given) else { return given }
        path.kind = path.kind ?? .sampler
        service.snapshots.note(snapshot, path: path.description)
        return path.description
    }
}
