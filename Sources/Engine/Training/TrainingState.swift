import CKernels
import TrainingAPI

/// An adapter in training: its parameters, the gradient gathered since the last step, and AdamW's moments. Only the engine's
/// thread touches it.
final class TrainingState {
    let config: LoraConfig
    let layout: LoraLayout
    private var parameters: FloatBuffer
    let gradient: FloatBuffer
    /// Whether anything was added to the gradient since it was cleared.
    private var hasGradient = false
    private(set) var firstMoment, secondMoment: FloatBuffer
    private(set) var steps: Int
    private var current: Adapter?

    init(config: LoraConfig, layout: LoraLayout, seed: Int) {
        self.config = config
        self.layout = layout
        parameters = Adapter.initialParameters(layout, seed: seed)
        gradient = FloatBuffer(count: layout.parameterCount)
        firstMoment = FloatBuffer(count: layout.parameterCount)
        secondMoment = FloatBuffer(count: layout.parameterCount)
        steps = 0
    }

    /// The weights as they are now; later steps leave this copy alone.
    var adapter: Adapter {
        if let current { return current }
        let made = Adapter(config: config, layout: layout, parameters: FloatBuffer(copying: parameters))
        current = made
        return made
    }

    /// Runs a body that adds to the gradient. If it throws, the gradient is what it was: nothing of half a batch stays behind, and
    /// nothing of earlier calls is lost.
    func accumulating(_ body: () throws -> Void) rethrows {
        // Mostly there is nothing yet, and nothing to copy.
        let before = hasGradient ? FloatBuffer(copying: gradient) : nil
        do {
            try body()
            hasGradient = true
        } catch {
            if let before {
                withExtendedLifetime(before) { gradient.base.update(from: before.base, count: before.count) }
            } else {
                gradient.clear()
            }
            throw error
        }
    }

    private func clearGradient() {
        gradient.clear()
        hasGradient = false
    }

    /// Replaces the weights, and the optimizer's state: by a fresh one unless given.
    /// Throws `checkpointMismatch`, and changes nothing, if there is not one moment of each kind for each weight.
    func load(
        _ newParameters: FloatBuffer, optimizer: (first: FloatBuffer, second: FloatBuffer, steps: Int)?
    ) throws(TrainingError) {
        for moment in [optimizer?.first, optimizer?.second].compactMap(\.self) where moment.count != newParameters.count {
            throw .checkpointMismatch(
                "the optimizer's state has \(moment.count) numbers for \(newParameters.count) weights")
        }
        parameters = newParameters
        current = nil
        clearGradient()
        firstMoment = optimizer?.first ?? FloatBuffer(count: layout.parameterCount)
        secondMoment = optimizer?.second ?? FloatBuffer(count: layout.parameterCount)
        steps = optimizer?.steps ?? 0
    }

    /// One AdamW step (Loshchilov and Hutter, 2019) with the gathered gradient, which is cleared. Returns the gradient's norm
    /// before clipping. Throws `notFinite`, and leaves the weights alone, if the gradient is not finite; `usage` for settings
    /// that would make the weights NaN.
    func step(_ params: AdamParams, _ pool: ThreadPool) throws(TrainingError) -> Double {
        try params.validate()
        let norm = ck_sum_of_squares(gradient.count, gradient.base).squareRoot()
        guard norm.isFinite else {
            clearGradient()
            throw TrainingError.notFinite("the gradient of step \(steps + 1)")
        }
        steps += 1
        let clip = params.gradClipNorm > 0 && norm > params.gradClipNorm ? params.gradClipNorm / norm : 1
        var adam = ck_adam(
            learning_rate: Float(params.learningRate), beta1: Float(params.beta1), beta2: Float(params.beta2),
            eps: Float(params.eps), decay: Float(params.weightDecay),
            correction1: Float(1 - pow(params.beta1, steps)), correction2: Float(1 - pow(params.beta2, steps)),
            gradient_scale: Float(clip))
        ck_adamw(
            pool.handle, gradient.count, &adam, parameters.base, gradient.base, firstMoment.base, secondMoment.base)
        current = nil
        hasGradient = false
        return norm
    }
}

private func pow(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<exponent { result *= base }
    return result
}
