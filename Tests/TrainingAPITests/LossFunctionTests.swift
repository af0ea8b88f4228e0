import Tensors
import Testing
import TrainingAPI

/// A datum for a policy-gradient loss.
func policyDatum(sampled: [Float], advantages: [Float], shape: [Int]? = nil) -> Datum {
    let length = shape?[0] ?? sampled.count
    return Datum(
        modelInput: ModelInput(tokens: Array(0..<length)),
        lossFnInputs: [
            "target_tokens": Tensor(Array(repeating: 1, count: sampled.count), shape: shape),
            "logprobs": Tensor(sampled, shape: shape),
            "advantages": Tensor(advantages, shape: shape),
        ])
}

/// A datum for the cross-entropy loss.
func supervisedDatum(_ weights: [Float]) -> Datum {
    Datum(
        modelInput: ModelInput(tokens: Array(0..<weights.count)),
        lossFnInputs: [
            "target_tokens": Tensor(Array(repeating: 1, count: weights.count)), "weights": Tensor(weights),
        ])
}

private let sampled: [Float] = [-0.5, -1, -2]
private let learned: [Float] = [-0.2, -1, -2.5]

@Suite("Losses")
struct LossFunctionTests {
    @Test(
        "Policy-gradient losses have the values of the specification",
        arguments: [
            // Cookbook specification, section 10.3: r = (1.349859, 1, 0.606531), A = +1 and A = -1.
            ("importance_sampling", -2.956389, 2.956389),
            ("ppo", -2.806531, 3.149859),
            ("cispo", 2.786298, -2.786298),
            ("dro", 3.7085, -3.6915),
        ])
    func goldenValues(name: String, positive: Double, negative: Double) throws {
        let loss = try LossFunction(named: name)
        for (sign, expected) in [(Float(1), positive), (-1, negative)] {
            let datum = policyDatum(sampled: sampled, advantages: [sign, sign, sign])
            #expect(abs(loss.evaluate(datum, logprobs: learned).loss - expected) < 2e-6)
        }
    }

    @Test("Cross-entropy is the weighted sum of negative logprobs, with weights of any sign")
    func crossEntropy() throws {
        let result = LossFunction.crossEntropy.evaluate(supervisedDatum([0, 1, -0.5]), logprobs: [-9, -2, -4])
        #expect(result.loss == 0)
        #expect(result.gradient == [0, -1, 0.5])
        #expect(result.metrics.values == ["loss:sum": 0])
    }

    @Test("Derivatives agree with finite differences", arguments: ["importance_sampling", "ppo", "dro"])
    func finiteDifferences(name: String) throws {
        // Inside and outside of the clip range, with advantages of both signs. Logprobs cross the interface as float32, so the
        // step is a power of two that float32 holds exactly at these places.
        let logprobs: [Float] = [-0.25, -1, -2.5, -0.25, -1, -2.5, -1.0625]
        let datum = policyDatum(
            sampled: [-0.5, -1.125, -2, -0.5, -1.125, -2, -1], advantages: [1, 0.5, 2, -1, -0.5, -2, 0])
        let loss = try LossFunction(named: name, config: name == "dro" ? ["beta": 0.3] : [:])
        let found = loss.evaluate(datum, logprobs: logprobs).gradient
        let step = Float(0x1p-12)
        for index in logprobs.indices {
            var (up, down) = (logprobs, logprobs)
            up[index] += step
            down[index] -= step
            let difference = loss.evaluate(datum, logprobs: up).loss - loss.evaluate(datum, logprobs: down).loss
            #expect(abs(Double(found[index]) - difference / Double(2 * step)) < 1e-6)
        }
    }

    @Test("PPO has no gradient where the clipped branch is the smaller one")
    func ppoClipping() throws {
        let ppo = try LossFunction(named: "ppo")
        let up = ppo.evaluate(policyDatum(sampled: sampled, advantages: [1, 1, 1]), logprobs: learned)
        #expect(up.gradient[0] == 0)
        #expect(up.gradient[1] == -1)
        #expect(abs(up.gradient[2] + 0.606531) < 1e-6)
        let down = ppo.evaluate(policyDatum(sampled: sampled, advantages: [-1, -1, -1]), logprobs: learned)
        #expect(abs(down.gradient[0] - 1.349859) < 1e-6)
        #expect(down.gradient[2] == 0)
        let wide = try LossFunction(named: "ppo", config: ["clip_high_threshold": 1.5])
        #expect(
            abs(
                wide.evaluate(policyDatum(sampled: sampled, advantages: [1, 1, 1]), logprobs: learned).gradient[0]
                    + 1.349859) < 1e-6)
    }

    @Test("CISPO's gradient is the clipped ratio times the advantage, without a derivative through the ratio")
    func cispo() throws {
        let cispo = try LossFunction(named: "cispo", config: ["clip_high_threshold": 1.25])
        let result = cispo.evaluate(policyDatum(sampled: sampled, advantages: [2, 2, 2]), logprobs: learned)
        #expect(result.gradient[0] == -2.5)
        #expect(result.gradient[1] == -2)
        #expect(abs(result.gradient[2] + 2 * 0.606531) < 1e-6)
        #expect(abs((result.metrics.values["clip_fraction:mean"] ?? 0) - 1.0 / 3) < 1e-12)
    }

    @Test("Metrics of a policy-gradient loss leave out targets that cannot contribute")
    func metrics() throws {
        // Cookbook specification, section 10.3: KL diagnostics, with a prompt position in front.
        let datum = policyDatum(sampled: [0, -0.5, -1, -2], advantages: [0, 1, 1, 1])
        let result = LossFunction.importanceSampling.evaluate(datum, logprobs: [-50, -0.6, -0.9, -2.5])
        #expect(abs((result.metrics.values["kl_sample_train_v1:mean"] ?? 0) - 0.166667) < 1e-6)
        #expect(abs((result.metrics.values["kl_sample_train_v2:mean"] ?? 0) - 0.045) < 1e-6)
        #expect(result.metrics.values["clip_fraction:mean"] == nil)
        #expect(result.gradient[0] == 0)

        let ppo = try LossFunction(named: "ppo")
        let first = ppo.evaluate(policyDatum(sampled: sampled, advantages: [1, 1, 1]), logprobs: learned).metrics
        let second = ppo.evaluate(policyDatum(sampled: [-1], advantages: [1]), logprobs: [-1]).metrics
        let both = (first + second).values
        #expect(abs((both["ratio:mean"] ?? 0) - (1.349859 + 1 + 0.606531 + 1) / 4) < 1e-6)
        #expect(both["clip_fraction:mean"] == 0.25)
        #expect(both["loss:sum"] == first.loss + second.loss)
    }

    @Test(
        "An advantage of 0 gives no loss even when the ratio overflows",
        arguments: ["importance_sampling", "ppo", "cispo"])
    func overflow(name: String) throws {
        let result = try LossFunction(named: name)
            .evaluate(policyDatum(sampled: [-2000], advantages: [0]), logprobs: [0])
        #expect(result.loss == 0)
        #expect(result.gradient == [0])
    }

    @Test("Targets without weight, advantage and sampled logprob need no logprob")
    func contributingTargets() throws {
        #expect(LossFunction.crossEntropy.contributingTargets(of: supervisedDatum([0, 1, -1])) == [false, true, true])
        let datum = policyDatum(sampled: [0, -1, 0, -1], advantages: [0, 0, 1, 1])
        for name in ["importance_sampling", "ppo", "cispo", "dro"] {
            let loss = try LossFunction(named: name)
            #expect(loss.contributingTargets(of: datum) == [false, true, true, true])
            #expect(
                loss.evaluate(datum, logprobs: [-7, -1, -1, -1]).loss
                    == loss.evaluate(datum, logprobs: [0, -1, -1, -1]).loss)
        }
    }

    @Test("Several targets at each position are added up like others")
    func manyTargets() throws {
        let datum = policyDatum(sampled: [-1, -1, -1, -1], advantages: [1, 2, 0, 4], shape: [2, 2])
        try LossFunction.importanceSampling.validate([datum])
        let result = LossFunction.importanceSampling.evaluate(datum, logprobs: [-1, -1, -1, -1])
        #expect(result.loss == -7)
        #expect(result.gradient == [-1, -2, 0, -4])
    }
}
