import TrainingAPI

/// The policy that rewards are measured against: the one that the run began with, however often the run was resumed since.
struct DPOReference: Sendable {
    /// Its saved weights, recorded with every checkpoint.
    let path: String
    let sampler: any SamplingClient

    /// Saves the weights of a run that begins, or opens those that the checkpoint of a resumed one names.
    init(_ opening: RunOpening, service: any TrainingService) async throws {
        if let resumed = opening.resumed {
            guard let recorded = resumed.dpoReferencePath else {
                throw CookbookError.model(
                    "checkpoint \(resumed.name) in \(opening.directory.path) does not say which reference it was trained against",
                    hint: "choose another log_path")
            }
            path = recorded
        } else {
            path = try await opening.client.saveWeightsForSampler(name: "dpo_reference").value
        }
        do {
            sampler = try await service.createSamplingClient(modelPath: path).value
        } catch TrainingError.checkpointNotFound(let path) {
            throw CookbookError.model(
                "the reference of the run in \(opening.directory.path) is gone: \(path)",
                hint: "without it the run cannot go on; choose another log_path")
        }
    }
}
