import Tensors
import Tokenizers
import TrainingAPI

extension ServiceContract {
    static let offers = [
        ServiceContract(description: "capabilities name the model, its context and the five losses") { subject in
            let offer = try await subject.service.serverCapabilities().value
            let model = offer.supportedModels.first { $0.modelName == subject.model }
            try require(
                model != nil && (subject.lacks.contains(.contextLength) || model?.maxContextLength == 256),
                "the model is \(String(describing: model))")
            for loss in LossFunction.Name.allCases {
                try require(offer.supportedLossFunctions.contains(loss.rawValue), "\(loss) is not offered")
            }
            try require(offer.supportsMultipleTargets != subject.lacks.contains(.multipleTargets), "targets of shape [N, K]")
            return []
        },
        ServiceContract(description: "clients know their model, tokenizer, adapter and context") { subject in
            let trainer = try await subject.trainer(rank: 3)
            let sampler = try await subject.base()
            try require(trainer.baseModel == subject.model && sampler.baseModel == subject.model, "another base model")
            try require(trainer.loraConfig.rank == 3, "rank \(trainer.loraConfig.rank)")
            if !subject.lacks.contains(.contextLength) {
                try require(trainer.maxContextLength == 256 && sampler.maxContextLength == 256, "another context")
            }
            let ids = trainer.tokenizer.encode("hello there")
            try require(trainer.tokenizer.decode(ids) == "hello there", "another tokenizer")
            try require(sampler.tokenizer.encode("hello there") == ids, "the clients' tokenizers differ")
            return ids.map(Double.init)
        },
    ]

    static let training =
        LossFunction.Name.allCases.map(pass) + [
            ServiceContract(description: "targets of shape [N, K] give logprobs of that shape") { subject in
                let client = try await subject.trained()
                let pass = client.forwardBackward([.supervised(12, perPosition: 3, seed: 5)], loss: .crossEntropy)
                if subject.lacks.contains(.multipleTargets) {
                    try await requireError(.usage, "many targets") { _ = try await pass.value }
                    return []
                }
                let output = try await pass.value
                try require(output.lossFnOutputs[0]["logprobs"]?.shape == [12, 3], "another shape")
                let step = try await client.optimStep(AdamParams(learningRate: 0.01)).value
                return output.logprobs[0].map(Double.init) + [step.metrics["grad_norm"] ?? .nan]
            },
            ServiceContract(description: "calls take effect in the order in which they were made, without being awaited") { subject in
                let awaited = try await subject.trainer(), queued = try await subject.trainer()
                for step in 0..<3 {
                    let data = [Datum.supervised(15, seed: step)]
                    _ = try await awaited.forwardBackward(data, loss: .crossEntropy).value
                    _ = try await awaited.optimStep(AdamParams(learningRate: 0.01)).value
                    _ = queued.forwardBackward(data, loss: .crossEntropy)
                    _ = queued.optimStep(AdamParams(learningRate: 0.01))
                }
                let fingerprint = try await queued.fingerprint()
                try require(subject.agree(try await awaited.fingerprint(), fingerprint), "queued calls give other weights")
                return fingerprint
            },
            ServiceContract(description: "gradients add up until the step, and what a datum gives does not depend on its batch") {
                subject in
                let together = try await subject.trained(), apart = try await subject.trained()
                let data = (0..<5).map { Datum.supervised(8 + 3 * $0, seed: 10 + $0) }
                let output = try await together.forwardBackward(data, loss: .crossEntropy).value
                for (index, datum) in data.enumerated() {
                    let alone = try await apart.forwardBackward([datum], loss: .crossEntropy).value
                    try require(subject.agree(alone.logprobs[0], output.logprobs[index]), "datum \(index + 1) differs in its batch")
                }
                let steps = [
                    try await together.optimStep(AdamParams(learningRate: 0.01)).value,
                    try await apart.optimStep(AdamParams(learningRate: 0.01)).value,
                ].compactMap { $0.metrics["grad_norm"] }
                try require(steps.count == 2 && abs(steps[0] / steps[1] - 1) < 1e-4, "the gradient's norms are \(steps)")
                return steps
            },
            ServiceContract(description: "a custom loss sees logprobs and moves the weights as the built-in one does") { subject in
                let builtIn = try await subject.trained(), custom = try await subject.trained()
                let data = [Datum.supervised(14, seed: 3), .supervised(9, seed: 4)]
                let expected = try await builtIn.forwardBackward(data, loss: .crossEntropy).value
                let output = try await custom.forwardBackwardCustom(data) { data, logprobs in
                    let weights = data.map { $0.lossFnInputs["weights"]?.floats ?? [] }
                    let loss = zip(weights, logprobs).reduce(0.0) { sum, pair in
                        zip(pair.0, pair.1.floats).reduce(sum) { $0 - Double($1.0 * $1.1) }
                    }
                    return CustomLossResult(
                        loss: loss, gradients: weights.map { Tensor($0.map { -$0 }) }, metrics: ["seen": Double(logprobs.count)])
                }.value
                try require(subject.agree(output.flatLogprobs, expected.flatLogprobs), "other logprobs")
                try require(output.metrics["seen"] == 2, "the loss's own metrics are \(output.metrics)")
                let sums = [output, expected].map { $0.metrics["loss:sum"] ?? .nan }
                try require(abs(sums[0] - sums[1]) < 1e-3, "loss:sum is \(sums)")
                for client in [builtIn, custom] { _ = client.optimStep(AdamParams(learningRate: 0.01)) }
                let fingerprint = try await custom.fingerprint()
                try require(subject.agree(try await builtIn.fingerprint(), fingerprint), "other weights")
                return fingerprint + [sums[0]]
            },
            ServiceContract(description: "a custom loss that fails fails its call alone") { subject in
                struct Failure: Error {}
                let client = try await subject.trained()
                let before = try await client.fingerprint()
                let failing = client.forwardBackwardCustom([.supervised(9, seed: 4)]) { _, _ in throw Failure() }
                do {
                    _ = try await failing.value
                    throw ContractViolation(description: "the failure is lost")
                } catch is Failure {}
                try require(subject.agree(try await client.fingerprint(), before), "the weights have changed")
                return before
            },
            ServiceContract(description: "forward leaves no gradient, and adapters repeat from their seed") { subject in
                let client = try await subject.trainer(seed: 7), twin = try await subject.trainer(seed: 7)
                let other = try await subject.trainer(seed: 8)
                _ = client.forward([.supervised(20, seed: 9)], loss: .crossEntropy)
                for client in [client, twin, other] { try await client.train(0..<1) }
                let fingerprint = try await client.fingerprint()
                try require(subject.agree(try await twin.fingerprint(), fingerprint), "the same seed gives another adapter")
                try require(!subject.agree(try await other.fingerprint(), fingerprint), "another seed gives the same adapter")
                return fingerprint
            },
            ServiceContract(description: "weight decay and clipping are part of the step") { subject in
                var result: [Double] = []
                let clipped = AdamParams(learningRate: 0.02, eps: 1, gradClipNorm: 0.1)
                var all = [
                    AdamParams(learningRate: 0.02), AdamParams(learningRate: 0.02, weightDecay: 0.5),
                    AdamParams(learningRate: 0.02, eps: 1),
                ]
                if subject.lacks.contains(.clipping) {
                    let client = try await subject.trainer()
                    try await requireError(.usage, "clipping") { _ = try await client.optimStep(clipped).value }
                } else {
                    all.append(clipped)
                }
                for params in all {
                    let client = try await subject.trained()
                    _ = client.forwardBackward([.supervised(20, seed: 6)], loss: .crossEntropy)
                    let step = try await client.optimStep(params).value
                    result.append(step.metrics["grad_norm"] ?? .nan)
                    result.append(try await client.fingerprint().reduce(0, +))
                }
                try require(
                    Set(result.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)).count == all.count, "an option has no effect")
                return result
            },
        ]

    /// One of the service's losses.
    private static func pass(_ name: LossFunction.Name) -> ServiceContract {
        ServiceContract(description: "\(name.rawValue): loss, logprobs and gradient are those of its definition") { subject in
            let client = try await subject.trained(), custom = try await subject.trained()
            let data = [5, 11, 17].map { name == .crossEntropy ? Datum.supervised($0, seed: $0) : .policy($0, seed: $0) }
            let loss = try LossFunction(
                named: name.rawValue,
                config: name == .ppo ? ["clip_low_threshold": 0.7, "clip_high_threshold": 1.1] : name == .dro ? ["beta": 0.05] : [:])
            let forward = try await client.forward(data, loss: loss).value
            let output = try await client.forwardBackward(data, loss: loss).value
            try require(subject.agree(forward.flatLogprobs, output.flatLogprobs), "forward and forward_backward differ")
            try require(output.logprobs.map(\.count) == [5, 11, 17], "logprobs of other shapes")
            var sum = 0.0
            for (datum, logprobs) in zip(data, output.logprobs) {
                sum += loss.evaluate(datum, logprobs: logprobs).metrics.values["loss:sum"] ?? .nan
            }
            let reported = output.metrics["loss:sum"] ?? .nan
            try require(abs(reported - sum) <= 1e-4 * max(1, abs(sum)), "loss:sum is \(reported) instead of \(sum)")
            // The same gradient by way of a loss of the caller's own.
            let plain = data.map { datum in
                Datum(
                    modelInput: datum.modelInput,
                    lossFnInputs: [
                        "target_tokens": datum.lossFnInputs["target_tokens"] ?? Tensor([Int]()),
                        "weights": Tensor([Float](repeating: 1, count: datum.modelInput.length)),
                    ])
            }
            _ = custom.forwardBackwardCustom(plain) { _, logprobs in
                CustomLossResult(
                    loss: 0, gradients: zip(data, logprobs).map { Tensor(loss.evaluate($0, logprobs: $1.floats).gradient) })
            }
            let norms = [
                try await client.optimStep(AdamParams(learningRate: 0.01)).value,
                try await custom.optimStep(AdamParams(learningRate: 0.01)).value,
            ].compactMap { $0.metrics["grad_norm"] }
            try require(norms.count == 2 && abs(norms[0] / norms[1] - 1) < 1e-4, "the gradient's norms are \(norms)")
            return output.logprobs.joined().map(Double.init) + [reported] + norms
        }
    }
}
