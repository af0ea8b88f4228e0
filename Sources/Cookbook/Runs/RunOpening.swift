import Foundation
import TrainingAPI

/// What a runner needs before its stage can be built: the folder, the client with the right weights, and the renderer.
struct RunOpening: Sendable {
    let settings: RunSettings
    let directory: RunDirectory
    /// Where the run goes on, if it was begun before.
    let resumed: CheckpointRecord?
    let client: any TrainingClient
    let renderer: any Renderer
    let progress: any ProgressSink

    /// Finds the last checkpoint and loads it; nothing is written yet, so that bad data leave no trace.
    init(stage: String, settings: RunSettings, service: any TrainingService, progress: any ProgressSink) async throws {
        try settings.validate()
        let directory = RunDirectory(path: settings.logPath)
        try await FoldersAtWork.requireFree(directory.path)
        if directory.holdsRun, settings.behaviorIfLogDirExists == .raise {
            throw CookbookError.usage(
                "\(directory.path) already holds a run",
                hint: "choose another log_path, or behavior_if_log_dir_exists = \"resume\" or \"delete\"")
        }
        let resumed =
            settings.behaviorIfLogDirExists == .delete
            ? nil : try CheckpointUtils.getLastCheckpoint(settings.logPath)
        if let other = resumed?.stage, other != stage {
            throw CookbookError.usage(
                "\(directory.path) holds a run of another kind: \(other), not \(stage)", hint: "choose another log_path"
            )
        }
        if let path = resumed?.statePath {
            client = try await service.createTrainingClient(fromState: path, withOptimizer: true).value
        } else if let path = settings.loadCheckpointPath {
            client = try await service.createTrainingClient(fromState: path, withOptimizer: false).value
        } else {
            let lora = LoraConfig(
                rank: settings.loraRank, seed: settings.seed, trainMlp: settings.trainMlp,
                trainAttn: settings.trainAttn, trainUnembed: settings.trainUnembed)
            client = try await service.createLoraTrainingClient(baseModel: settings.modelName, config: lora).value
        }
        if let source = resumed?.statePath ?? settings.loadCheckpointPath, !settings.modelName.isEmpty,
            !Self.isSameModel(client.baseModel, settings.modelName)
        {
            throw CookbookError.model(
                "model_name is '\(settings.modelName)', but the weights of \(source) belong to '\(client.baseModel)'",
                hint: "choose another log_path, or the model of those weights")
        }
        if let recorded = resumed?.rendererName, let asked = settings.rendererName, asked != recorded {
            throw CookbookError.model(
                "the run in \(directory.path) was trained with renderer '\(recorded)', not '\(asked)'",
                hint: "choose another log_path, or renderer_name = \"\(recorded)\"")
        }
        let name: String
        if let chosen = settings.rendererName ?? resumed?.rendererName {
            name = chosen
        } else {
            name = try Renderers.recommendedName(model: client.baseModel)
        }
        renderer = try Renderers.named(name, tokenizer: client.requiredTokenizer())
        if let warning = Renderers.warning(renderer: name, model: client.baseModel) {
            progress.note("\(stage): \(warning)")
        }
        self.settings = settings
        self.directory = directory
        self.resumed = resumed
        self.progress = progress
    }

    /// Names are found in any case, and files by any path to them.
    private static func isSameModel(_ first: String, _ second: String) -> Bool {
        func path(_ name: String) -> String {
            URL(fileURLWithPath: NSString(string: name).expandingTildeInPath).standardizedFileURL.path
        }
        return first.lowercased() == second.lowercased() || first.contains("/") && path(first) == path(second)
    }
}
