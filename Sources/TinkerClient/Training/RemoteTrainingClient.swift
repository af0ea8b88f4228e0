import Synchronization
import Tensors
import TinkerWire
package import Tokenizers
package import TrainingAPI

/// The training verbs on a remote model.
package final class RemoteTrainingClient: TrainingClient {
    package let baseModel: String
    package let loraConfig: LoraConfig
    package let tokenizer: any Tokenizer
    let modelID: String
    let service: RemoteService
    let opened: ServiceSession.Opened
    let order: CallOrder
    /// The most tokens of a sequence, if the service says it.
    let contextLength: Int?
    private let state = Mutex(State())

    private struct State {
        /// How gradients are asked for; nil until the service has accepted one way.
        var format: BodyFormat?
        /// Gradients since the last step, where the service averages over them.
        var gradients = SkyRLGradients()
    }

    init(
        modelID: String, model: RemoteModel, config: LoraConfig, service: RemoteService, opened: ServiceSession.Opened,
        firstSequence: Int
    ) {
        self.modelID = modelID
        baseModel = model.name
        tokenizer = model.tokenizer
        contextLength = model.contextLength
        loraConfig = config
        self.service = service
        self.opened = opened
        order = CallOrder(connection: service.connection, firstSequence: firstSequence)
        state.withLock { $0.format = opened.dialect.bodyFormat }
    }

    package var maxContextLength: Int { contextLength ?? RemoteModel.assumedContextLength }
    var connection: ServiceConnection { service.connection }

    // MARK: Passes

    package func forward(_ data: [Datum], loss: LossFunction) -> Future<ForwardBackwardOutput> {
        checked(data, loss, "forward") { [self] _ in
            // SkyRL refuses losses that it does not know, though all that is wanted of it are logprobs.
            let sent = opened.dialect.family == .skyRL ? .crossEntropy : loss
            let pass = try await submit(data, sent, forwardOnly: true)
            return { [self] in try await output(of: pass, data, loss) }
        }
    }

    package func forwardBackward(_ data: [Datum], loss: LossFunction) -> Future<ForwardBackwardOutput> {
        checked(data, loss, "forward_backward") { [self] future in
            guard opened.dialect.family == .skyRL else {
                let pass = try await submit(data, loss, forwardOnly: false)
                return { [self] in try await output(of: pass, data, loss) }
            }
            let scale = state.withLock { $0.gradients.scale(ofNext: data.count) }
            let pass: Pass
            if let equivalent = try SkyRLLoss.equivalent(data, loss, scale: scale) {
                pass = try await submitScaled(equivalent.data, equivalent.loss)
            } else {
                let forward = try await output(of: submit(data, .crossEntropy, forwardOnly: true), data, loss)
                if future.isCancelled { throw RemoteError.cancelled }
                let gradients = zip(data, forward.lossFnOutputs).map { datum, outputs in
                    loss.evaluate(datum, logprobs: outputs["logprobs"]?.floats ?? []).gradient
                }
                pass = try await submitScaled(SkyRLLoss.data(data, gradients: gradients, scale: scale), SkyRLLoss.linear())
            }
            return { [self] in try await output(of: pass, data, loss) }
        }
    }

    package func forwardBackwardCustom(_ data: [Datum], loss: @escaping CustomLoss) -> Future<ForwardBackwardOutput> {
        checked(data, .crossEntropy, "forward_backward_custom") { [self] future in
            let forward = try await output(of: submit(data, .crossEntropy, forwardOnly: true), data, .crossEntropy)
            let logprobs = forward.lossFnOutputs.compactMap { $0["logprobs"] }
            let result = try await loss(data, logprobs)
            try result.validate(against: logprobs)
            if future.isCancelled { throw RemoteError.cancelled }
            let pass: Pass
            if opened.dialect.family == .skyRL {
                let scale = state.withLock { $0.gradients.scale(ofNext: data.count) }
                pass = try await submitScaled(
                    SkyRLLoss.data(data, gradients: result.gradients.map(\.floats), scale: scale), SkyRLLoss.linear())
            } else {
                // The service minimises the sum of -p·w, whose derivative by p is -w.
                let weighted = zip(data, result.gradients).map { datum, gradient in
                    var datum = datum
                    datum.lossFnInputs["weights"] = Tensor(gradient.floats.map { -$0 }, shape: gradient.shape)
                    return datum
                }
                pass = try await submit(weighted, .crossEntropy, forwardOnly: false)
            }
            return { [self] in
                // The gradients have accumulated only when the service says so.
                _ = try await results(of: pass)
                return ForwardBackwardOutput(
                    lossFnOutputs: forward.lossFnOutputs,
                    metrics: result.metrics.merging(["loss:sum": result.loss]) { mine, _ in mine })
            }
        }
    }

    package func optimStep(_ params: AdamParams) -> Future<OptimStepOutput> {
        do { try params.validate() } catch { return Future(.failure(error)) }
        if opened.dialect.family == .skyRL, params.gradClipNorm != 0 {
            return Future(
                .failure(
                    TrainingError.usage(
                        "\(connection.address.host) (SkyRL) does not clip gradients, so grad_clip_norm cannot be \(params.gradClipNorm)",
                        hint: "set grad_clip_norm to 0 and lower learning_rate instead")))
        }
        return order.enqueue("optim_step") { [self] _ in
            let (queued, _) = try await order.post([
                { sequence in
                    .post("optim_step", Wire.OptimStepRequest(modelID: self.modelID, sequenceID: sequence, optimizer: .adam(params)))
                }
            ])
            let normFactor = state.withLock { $0.gradients.take() }
            service.snapshots.change(modelID)
            return { [self] in
                let result: Wire.OptimStepResult = try await pending(queued, "optim_step", "OptimStep").value()
                return OptimStepOutput(
                    metrics: opened.dialect.family == .skyRL
                        ? SkyRLLoss.stepMetrics(result.metrics ?? [:], normFactor: normFactor) : result.metrics ?? [:])
            }
        }
    }

    // MARK: Parts

    /// A call's requests, and which of its data each is about.
    struct Pass: Sendable {
        let chunks: [(range: Range<Int>, result: PendingResult<Wire.ForwardBackwardOutput>)]
    }

    private func checked(
        _ data: [Datum], _ loss: LossFunction, _ verb: String,
        _ submit: @escaping @Sendable (Future<ForwardBackwardOutput>) async throws -> @Sendable () async throws -> ForwardBackwardOutput
    ) -> Future<ForwardBackwardOutput> {
        do {
            try loss.validate(
                data, vocabularySize: opened.dialect.knownVocabulary(of: tokenizer), contextLength: contextLength)
            if opened.dialect.family == .skyRL, data.contains(where: { $0.lossFnInputs["target_tokens"]?.rank == 2 }) {
                throw TrainingError.usage(
                    "\(connection.address.host) (SkyRL) takes one target at each position",
                    hint: "give target_tokens the shape [N], for instance one datum for each of the targets")
            }
        } catch { return Future(.failure(error)) }
        return order.enqueue(verb, submit)
    }

    func pending<Result: JSONMessage>(_ queued: Wire.QueuedResponse, _ verb: String, _ kind: String) -> PendingResult<Result> {
        PendingResult(queued.requestID, verb: verb, kind: kind, connection: connection)
    }

    /// Sends a pass whose gradients SkyRL averages with others until the next step.
    private func submitScaled(_ data: [Datum], _ loss: LossFunction) async throws -> Pass {
        let pass = try await submit(data, loss, forwardOnly: false)
        let isOneOfMany = state.withLock { state in
            defer { state.gradients.add(data.count) }
            return state.gradients.isBegun
        }
        if isOneOfMany {
            connection.tell(
                "SkyRL averages over the calls of a step, so that Adam sees smaller gradients than of one call with all data",
                onceFor: "SkyRL's average")
        }
        return pass
    }

    /// Sends all chunks of a pass.
    private func submit(_ data: [Datum], _ loss: LossFunction, forwardOnly: Bool) async throws -> Pass {
        var chunks: [(range: Range<Int>, result: PendingResult<Wire.ForwardBackwardOutput>)] = []
        for range in ChunkPlan.ranges(data, opened.config) {
            let known = state.withLock { $0.format }
            let formats = known.map { [$0] } ?? [.protobuf, .json]
            let (queued, form) = try await order.post(
                formats.map { format in
                    { sequence in
                        try self.call(
                            Wire.ForwardBackwardRequest(
                                modelID: self.modelID, sequenceID: sequence, data: Array(data[range]), loss: loss,
                                forwardOnly: forwardOnly), format: format, isTrial: formats.count > 1)
                    }
                })
            if known == nil { state.withLock { $0.format = formats[form] } }
            chunks.append(
                (
                    range,
                    PendingResult(
                        queued.requestID, verb: forwardOnly ? "forward" : "forward_backward",
                        kind: forwardOnly ? "Forward" : "ForwardBackward", connection: connection)
                ))
        }
        return Pass(chunks: chunks)
    }

    private func call(_ request: Wire.ForwardBackwardRequest, format: BodyFormat, isTrial: Bool) throws -> ServiceCall {
        let verb = request.forwardOnly ? "forward" : "forward_backward"
        guard format == .protobuf, !(request.forwardOnly && opened.dialect.hasForwardCall) else {
            return .post(verb, request)
        }
        let coding: ContentCoding = opened.config.compressesForwardBackward ? .zstd : .identity
        var call = ServiceCall(
            verb: verb, path: "/forward_backward", body: try coding.encode(request.protobufBody()), format: .protobuf, coding: coding)
        // A service that does not understand the form may fail instead of refusing it.
        call.policy.givesUpOnServerErrors = isTrial
        return call
    }

    private func results(of pass: Pass) async throws -> [Wire.ForwardBackwardOutput] {
        try await withThrowingTaskGroup(of: (Int, Wire.ForwardBackwardOutput).self) { group in
            for (index, chunk) in pass.chunks.enumerated() {
                group.addTask { (index, try await chunk.result.value()) }
            }
            var outputs = [Wire.ForwardBackwardOutput?](repeating: nil, count: pass.chunks.count)
            while let (index, output) = try await group.next() { outputs[index] = output }
            return outputs.compactMap { $0 }
        }
    }

    /// The output of a pass as the embedded engine gives it: logprobs shaped like the targets, and metrics, which are computed here
    /// where the service has none.
    private func output(of pass: Pass, _ data: [Datum], _ loss: LossFunction) async throws -> ForwardBackwardOutput {
        let results = try await results(of: pass)
        var outputs: [[String: Tensor]] = []
        var local = LossMetrics()
        for (datum, given) in zip(data, results.flatMap(\.lossFnOutputs)) {
            let shape = datum.lossFnInputs["target_tokens"]?.shape ?? []
            guard let logprobs = given["logprobs"]?.tensor(), logprobs.count == shape.reduce(1, *) else {
                throw RemoteError.garbage("datum \(outputs.count + 1) has no logprobs for each of its targets")
            }
            outputs.append(["logprobs": Tensor(logprobs.floats, shape: shape)])
            local = local + loss.evaluate(datum, logprobs: logprobs.floats).metrics
        }
        guard outputs.count == data.count else {
            throw RemoteError.garbage("outputs for \(outputs.count) of \(data.count) data")
        }
        var metrics = local.values
        if opened.dialect.family != .skyRL {
            metrics.merge(MetricMerge.merge(results.map(\.metrics), weights: pass.chunks.map(\.range.count))) { $1 }
        }
        return ForwardBackwardOutput(lossFnOutputs: outputs, metrics: metrics)
    }
}
