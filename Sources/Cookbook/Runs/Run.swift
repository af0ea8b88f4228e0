import Tensors
public import TrainingAPI

/// Training in steps that the caller paces. `step` takes some, `finish` evaluates and saves the final weights; `train`
/// functions do both. A run that was killed goes on from its last checkpoint when it is started again with the same
/// folder, and then equals the run that was not.
public actor Run {
    /// The run's folder.
    public nonisolated let logPath: String
    /// `supervised`, `preference`, `dpo` or `rl`.
    public nonisolated let stageName: String
    /// The number of steps that the data and the settings allow.
    public nonisolated let totalSteps: Int
    /// What writes the conversations.
    public nonisolated let renderer: any Renderer
    /// The client whose weights are trained.
    public nonisolated let client: any TrainingClient

    /// The number of updates taken: the index of the next step.
    public private(set) var nextStep: Int
    /// What was measured so far.
    public private(set) var metrics: Metrics
    /// The last checkpoint with weights to go on from.
    public private(set) var checkpoint: CheckpointRecord?
    /// The last batch trained on.
    public private(set) var last: TrainingBatch?

    private let stage: any Stage
    private let settings: RunSettings
    private let directory: RunDirectory
    private let progress: any ProgressSink
    /// Why no further step can be taken.
    private var failure: String?
    /// The courses of the stage's main metrics, as progress shows them.
    private var courses: [StageProgress.Course]
    /// Steps sent and not yet awaited, the oldest first.
    private var pending: [PendingStep] = []

    /// A step on its way.
    private struct PendingStep {
        var batch: TrainingBatch
        var parts: [(forward: Future<ForwardBackwardOutput>, optimizer: Future<OptimStepOutput>)]
        var values: [String: Double]
        var start: ContinuousClock.Instant
    }

    init(stage: any Stage, opening: RunOpening, config: some Encodable) throws {
        self.stage = stage
        settings = opening.settings
        directory = opening.directory
        progress = opening.progress
        logPath = opening.directory.path
        stageName = stage.name
        totalSteps = stage.plan.totalSteps
        renderer = opening.renderer
        client = opening.client
        checkpoint = opening.resumed
        let first = opening.resumed?.nextStep ?? 0
        nextStep = first
        if settings.behaviorIfLogDirExists == .delete { try directory.removeRun() }
        try directory.create()
        let changed = opening.resumed == nil ? [] : try directory.changedSettings(to: config)
        if !changed.isEmpty {
            progress.note("\(stage.name): going on with other settings than before: \(changed.joined(separator: ", "))")
        }
        try directory.write(config: config)
        if opening.resumed?.final != true || first < stage.plan.totalSteps { try directory.rewind(toStep: first) }
        let metrics = try directory.metrics()
        self.metrics = metrics
        courses = stage.mainMetrics.map { name in
            StageProgress.Course(name: name, values: metrics.rows.compactMap { $0.values[name] })
        }
        for note in stage.plan.notes(maxSteps: settings.maxSteps) { progress.note("\(stage.name): \(note)") }
        if let resumed = opening.resumed {
            progress.note(
                first >= totalSteps
                    ? "\(stage.name): all \(totalSteps) steps were taken before; nothing is left to train"
                    : "\(stage.name): going on from checkpoint \(resumed.name) in \(directory.path)")
        }
    }

    /// Whether all steps are taken and the final weights evaluated and saved.
    public var isFinished: Bool { nextStep >= totalSteps && checkpoint?.final == true }

    /// Takes up to `count` steps, fewer at the end of the data; returns how many. When the task is cancelled it stops
    /// between two steps, saves a checkpoint and throws `cancelled`. Any other error leaves a checkpoint of the last
    /// good weights too, if they are still at hand.
    @discardableResult
    public func step(_ count: Int = 1) async throws -> Int {
        try await FoldersAtWork.work(in: logPath) { try await takeSteps(count) }
    }

    private func takeSteps(_ count: Int) async throws -> Int {
        try requireSound()
        let first = nextStep
        reportProgress()
        let end = min(totalSteps, first + max(0, count))
        for index in first..<max(first, end) {
            let start = ContinuousClock.now
            let batch: TrainingBatch
            var values: [String: Double]
            do {
                try Task.checkCancellation()
                let context = evaluationContext(step: index)
                let isDue = settings.evalEvery > 0 && index % settings.evalEvery == 0
                values = isDue ? try await stage.evaluate(context, samplesTo: directory) : [:]
                batch = try await stage.batch(context)
                try Task.checkCancellation()
            } catch {
                let isCancelled = Task.isCancelled
                try await uncancelled { run in
                    try await run.drain()
                    await run.saveAfterFailure()
                }
                throw isCancelled ? CookbookError.cancelled : error
            }
            values.merge(batch.metrics) { $1 }
            try await uncancelled { [values] run in
                try await run.train(batch, values: values, start: start)
                let isSaveDue = run.settings.saveEvery > 0 && (index + 1) % run.settings.saveEvery == 0
                try await run.drain(leaving: isSaveDue || index + 1 == end ? 0 : run.stage.submitAhead)
                if isSaveDue { try await run.save(name: RunDirectory.sixDigits(index + 1)) }
            }
        }
        return nextStep - first
    }

    /// Evaluates the weights as they are and saves them as `final`, however many steps were taken; does nothing when
    /// that has been done.
    public func finish() async throws {
        try await FoldersAtWork.work(in: logPath) { try await evaluateAndSave() }
    }

    private func evaluateAndSave() async throws {
        try requireSound()
        if checkpoint?.final == true, checkpoint?.nextStep == nextStep { return }
        do {
            let values = try await stage.evaluate(evaluationContext(step: nextStep), samplesTo: directory)
            try Task.checkCancellation()
            if !values.isEmpty {
                try directory.rewind(toStep: nextStep)
                try log(Metrics.Row(step: nextStep, values: values))
            }
        } catch {
            let isCancelled = Task.isCancelled
            try await uncancelled { await $0.saveAfterFailure() }
            throw isCancelled ? CookbookError.cancelled : error
        }
        try await uncancelled { try await $0.save(name: "final", isFinal: true) }
    }

    /// Waits until a call that was cancelled has brought its step to an end and saved a checkpoint.
    public nonisolated func settle() async { await directory.settle() }

    /// Takes all steps that are left, and finishes.
    public func trainToEnd() async throws {
        try await step(totalSteps)
        try await finish()
    }
}

extension Run {
    private func requireSound() throws {
        if let failure { throw CookbookError.usage(failure, hint: "start again with the same log_path") }
    }

    /// Work that must not stop half way when the caller loses interest.
    private func uncancelled(_ body: @escaping @Sendable (isolated Run) async throws -> Void) async throws {
        try await Task { try await body(self) }.value
    }

    private func evaluationContext(step: Int) -> EvaluationContext {
        EvaluationContext(
            step: step, trainingClient: client, renderer: renderer, weights: WeightsSnapshot(client), progress: progress
        )
    }

    /// Sends a step. Without `submitAhead` each update waits for its loss, so that one that is not finite changes
    /// nothing.
    private func train(
        _ batch: TrainingBatch, values: [String: Double], start: ContinuousClock.Instant
    ) async throws {
        let adam = settings.adam(step: batch.step, total: totalSteps)
        var step = PendingStep(batch: batch, parts: [], values: values, start: start)
        for part in parts(of: batch.datums.count) {
            let forward = stage.forwardBackward(part, of: batch, client: client)
            if stage.submitAhead == 0 {
                do {
                    try requireFinite(try await forward.value, step: batch.step)
                } catch {
                    // Nothing of this step is in the weights, unless an earlier part of it is.
                    if step.parts.isEmpty { await saveAfterFailure() }
                    throw fail(error, step: batch.step)
                }
            }
            step.parts.append((forward, client.optimStep(adam)))
        }
        step.values["learning_rate"] = adam.learningRate
        pending.append(step)
    }

    /// Contiguous parts of nearly equal size, one for each update.
    private func parts(of datums: Int) -> [Range<Int>] {
        let count = min(max(1, stage.substeps), datums)
        return (0..<count).map { ($0 * datums / count)..<(($0 + 1) * datums / count) }
    }

    private func requireFinite(_ output: ForwardBackwardOutput, step: Int) throws {
        if let loss = output.metrics["loss:sum"], !loss.isFinite { throw TrainingError.notFinite("the loss") }
    }

    /// Awaits the oldest steps until only some are on their way.
    private func drain(leaving count: Int = 0) async throws {
        while pending.count > count {
            var step = pending.removeFirst()
            do {
                var losses: [[String: Double]] = []
                for part in step.parts {
                    let output = try await part.forward.value
                    try requireFinite(output, step: step.batch.step)
                    losses.append(output.metrics)
                    step.batch.logprobs += output.lossFnOutputs.map { $0["logprobs"]?.floats ?? [] }
                    step.values.merge(try await part.optimizer.value.metrics) { $1 }
                }
                step.values.merge(stage.metrics(of: step.batch, losses: losses)) { $1 }
                step.values.merge(try await stage.metricsAfterUpdate(of: step.batch, client: client)) { $1 }
            } catch {
                pending = []
                throw fail(error, step: step.batch.step)
            }
            let elapsed = (ContinuousClock.now - step.start).components
            step.values["time/total"] = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
            step.values["progress"] = Double(step.batch.step + 1) / Double(totalSteps)
            step.values["epoch"] = Double(stage.plan.epoch(step: step.batch.step))
            try stage.write(step.batch, to: directory)
            try log(Metrics.Row(step: step.batch.step, values: step.values))
            last = step.batch
            nextStep = step.batch.step + 1
            for index in courses.indices {
                if let value = step.values[courses[index].name] { courses[index].values.append(value) }
            }
            progress.trained(on: step.batch, stage: stageName, renderer: renderer)
            reportProgress()
        }
    }

    private func reportProgress() {
        progress.report(
            StageProgress(stage: stageName, done: nextStep, total: totalSteps, courses: courses.filter { !$0.values.isEmpty }))
    }

    /// Marks the run as over and says what is left of it.
    private func fail(_ error: any Error, step: Int) -> any Error {
        let place = checkpoint.map { "its last checkpoint is \($0.name), before step \($0.nextStep)" }
        failure = "this run stopped at step \(step): \(error); \(place ?? "it has no checkpoint yet")"
        return StepFailure(stage: stageName, step: step, underlying: error, checkpoint: checkpoint?.name)
    }

    private func log(_ row: Metrics.Row) throws {
        try directory.append(row)
        metrics.append(row)
    }

    /// Saves what would be lost. An error of its own must not hide the one that led here, so it becomes a note.
    private func saveAfterFailure() async {
        guard nextStep > 0, checkpoint?.nextStep != nextStep else { return }
        do {
            try await save(name: RunDirectory.sixDigits(nextStep))
            progress.note("\(stageName): saved checkpoint \(RunDirectory.sixDigits(nextStep)) in \(logPath)")
        } catch {
            progress.note("\(stageName): no checkpoint could be saved: \(error)")
        }
    }

    private func save(name: String, isFinal: Bool = false) async throws {
        let state = client.saveState(name: name)
        let sampler = client.saveWeightsForSampler(name: name)
        let record = CheckpointRecord(
            name: name, nextStep: nextStep, epoch: stage.plan.epoch(step: nextStep), final: isFinal ? true : nil,
            statePath: try await state.value, samplerPath: try await sampler.value, stage: stage.name,
            rendererName: renderer.name, klReferencePath: stage.klReferencePath, dpoReferencePath: stage.dpoReferencePath)
        try directory.append(record)
        checkpoint = record
        try stage.didSave(record, to: directory)
    }
}
