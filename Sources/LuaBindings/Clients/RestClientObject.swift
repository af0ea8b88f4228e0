import Cookbook
public import LuaRuntime
public import TrainingAPI

/// What a service keeps, as Lua holds it.
public final class RestClientObject: LuaObject {
    /// The name of this type in Lua.
    public static let luaType = "RestClient"
    /// The runs and checkpoints themselves.
    public let client: any RestClient
    private let summary: String
    private let progress: any ProgressSink

    init(_ client: any RestClient, summary: String, progress: any ProgressSink) {
        self.client = client
        self.summary = summary
        self.progress = progress
    }

    private func download(_ path: String, to folder: String) -> Future<DownloadedCheckpoint> {
        client.download(path: path, to: folder) { [progress] done, total in
            guard let total else { return }
            progress.report(StageProgress(stage: "downloading \(path)", done: done, total: total, unit: "B"))
        }
    }
}

extension RestClientObject {
    static let binding = TypeBinding(
        name: luaType, doc: "The training runs and checkpoints that a service keeps.", methods: lists + changes,
        operators: [
            FunctionBinding("__tostring", doc: "Shows which service it is.") {
                .value(.string("RestClient (\(try $0.object(0, as: RestClientObject.self).summary))"))
            }
        ])

    private static let pathDoc = ParameterDoc("tinker_path", "string", "tinker://RUN/weights/NAME or tinker://RUN/sampler_weights/NAME")
    private static let runDoc = ParameterDoc("training_run_id", "string", "the first part of its checkpoints' paths")
    private static let idDoc = ParameterDoc("checkpoint_id", "string", "weights/NAME or sampler_weights/NAME")

    private static func pageDocs(_ limit: Int) -> [ParameterDoc] {
        [
            ParameterDoc("limit", "integer", default: "\(limit)", "how many at most"),
            ParameterDoc("offset", "integer", default: "0", "how many to leave out"),
        ]
    }

    private static let lists = [
        FunctionBinding(
            "list_training_runs", doc: "Lists training runs, those used last first.", style: .options, parameters: pageDocs(20),
            returns: "Future of {training_runs = {TrainingRun, ...}}",
            example: "for _, run in ipairs(rest:list_training_runs{limit = 5}:result().training_runs) do print(run.training_run_id) end"
        ) { context in
            let (limit, offset) = try context.page(20)
            return .future(try context.rest.trainingRuns(limit: limit, offset: offset)) { runs in
                .table(["training_runs": .table(LuaTable(array: runs.map { LuaValue($0) }))])
            }
        },
        FunctionBinding(
            "get_training_run", doc: "Describes a training run.", parameters: [runDoc],
            returns: "Future of {training_run_id, base_model, lora_rank, last_request_time, corrupted, last_checkpoint, ...}",
            example: "rest:get_training_run(id):result().base_model"
        ) { .future(try $0.rest.trainingRun($0.string(1))) { LuaValue($0) } },
        FunctionBinding(
            "get_training_run_by_tinker_path", doc: "Describes the training run of a checkpoint.", parameters: [pathDoc],
            returns: "Future of TrainingRun", example: "rest:get_training_run_by_tinker_path(path):result().training_run_id"
        ) { context in
            let path = try context.string(1)
            let parts = path.split(separator: "/").map(String.init)
            guard parts.count >= 3, parts[0].hasSuffix(":") else {
                throw LuaError.usage("'\(path)' is no checkpoint", hint: "paths look like tinker://RUN/weights/NAME")
            }
            return .future(try context.rest.trainingRun(parts[1])) { LuaValue($0) }
        },
        FunctionBinding(
            "get_weights_info_by_tinker_path", doc: "Tells what saved weights are made of.", parameters: [pathDoc],
            returns: "Future of {base_model, is_lora, lora_rank}",
            example: "rest:get_weights_info_by_tinker_path(path):result().base_model"
        ) { context in
            .future(try context.rest.weightsInfo(path: context.string(1))) { info in
                .table([
                    "base_model": .string(info.baseModel), "is_lora": .boolean(info.loraRank != nil),
                    "lora_rank": info.loraRank.map { .integer($0) } ?? .none,
                ])
            }
        },
        FunctionBinding(
            "list_checkpoints", doc: "Lists the checkpoints of a training run.", parameters: [runDoc],
            returns: "Future of {checkpoints = {Checkpoint, ...}}",
            example: "for _, saved in ipairs(rest:list_checkpoints(id):result().checkpoints) do print(saved.tinker_path) end"
        ) { .future(try $0.rest.checkpoints(ofRun: $0.string(1))) { LuaValue(checkpoints: $0) } },
        FunctionBinding(
            "list_user_checkpoints", doc: "Lists the checkpoints of all runs, the newest first.", style: .options,
            parameters: pageDocs(100), returns: "Future of {checkpoints = {Checkpoint, ...}}",
            example: "for _, saved in ipairs(rest:list_user_checkpoints{}:result().checkpoints) do print(saved.tinker_path) end"
        ) { context in
            let (limit, offset) = try context.page(100)
            return .future(try context.rest.checkpoints(limit: limit, offset: offset)) { LuaValue(checkpoints: $0) }
        },
    ]

    private static let changes = [
        FunctionBinding(
            "delete_checkpoint", doc: "Deletes a checkpoint of a run for good.", parameters: [runDoc, idDoc], returns: "Future of nil",
            example: "rest:delete_checkpoint(id, 'weights/old'):result()"
        ) { .done(try $0.rest.deleteCheckpoint(path: "tinker://\($0.string(1))/\($0.string(2))")) },
        FunctionBinding(
            "delete_checkpoint_from_tinker_path", doc: "Deletes a checkpoint for good.", parameters: [pathDoc],
            returns: "Future of nil",
            example: "rest:delete_checkpoint_from_tinker_path(path):result()"
        ) { .done(try $0.rest.deleteCheckpoint(path: $0.string(1))) },
        FunctionBinding(
            "publish_checkpoint_from_tinker_path", doc: "Lets other users of the service load a checkpoint.", parameters: [pathDoc],
            returns: "Future of nil", example: "rest:publish_checkpoint_from_tinker_path(path):result()"
        ) { .done(try $0.rest.setPublished(true, path: $0.string(1))) },
        FunctionBinding(
            "unpublish_checkpoint_from_tinker_path", doc: "Keeps a published checkpoint for oneself again.", parameters: [pathDoc],
            returns: "Future of nil", example: "rest:unpublish_checkpoint_from_tinker_path(path):result()"
        ) { .done(try $0.rest.setPublished(false, path: $0.string(1))) },
        FunctionBinding(
            "set_checkpoint_ttl_from_tinker_path", doc: "Lets the service delete a checkpoint after a time.",
            parameters: [pathDoc, ParameterDoc("ttl_seconds", "integer", default: "nil", "from now on; nil keeps it")],
            returns: "Future of nil", example: "rest:set_checkpoint_ttl_from_tinker_path(path, 7 * 86400):result()"
        ) { context in
            let seconds = context[2].isNone ? nil : try context.integer(2)
            if let seconds, seconds < 1 { throw LuaError.usage("ttl_seconds is \(seconds), expected at least 1") }
            return .done(try context.rest.setTimeToLive(seconds: seconds, path: context.string(1)))
        },
        FunctionBinding(
            "download_checkpoint_from_tinker_path",
            doc: "Puts a checkpoint's adapter, in PEFT's format, into a new folder, and tells the hashes of what has come.",
            parameters: [pathDoc, ParameterDoc("output_dir", "string", "the folder, which must not exist yet")],
            returns: "Future of {folder, files = {{name, bytes, sha256}, ...}, archive_sha256}",
            example: "rest:download_checkpoint_from_tinker_path(path, 'adapter'):result().files"
        ) { context in
            let rest = try context.object(0, as: RestClientObject.self)
            return .future(rest.download(try context.string(1), to: try context.string(2))) { LuaValue($0) }
        },
    ]
}

extension CallContext {
    fileprivate var rest: any RestClient {
        get throws(LuaError) { try object(0, as: RestClientObject.self).client }
    }

    fileprivate func page(_ defaultLimit: Int) throws -> (limit: Int, offset: Int) {
        var options = try OptionReader(self, 1)
        let page = (try options.int("limit", default: defaultLimit, atLeast: 1), try options.int("offset", default: 0, atLeast: 0))
        try options.finish()
        return page
    }
}

extension HostResult {
    fileprivate static func done(_ future: Future<Void>) -> HostResult { .future(future) { .none } }
}

extension LuaValue {
    fileprivate init(_ run: TrainingRun) {
        self = .table([
            "training_run_id": .string(run.id), "base_model": .string(run.baseModel), "is_lora": .boolean(run.loraRank != nil),
            "lora_rank": run.loraRank.map { .integer($0) } ?? .none, "last_request_time": .string(run.lastRequestTime),
            "corrupted": .boolean(run.isCorrupted), "last_checkpoint": run.lastCheckpoint.map { LuaValue($0) } ?? .none,
            "last_sampler_checkpoint": run.lastSamplerCheckpoint.map { LuaValue($0) } ?? .none,
        ])
    }

    fileprivate init(_ checkpoint: Checkpoint) {
        self = .table([
            "checkpoint_id": .string(checkpoint.id), "checkpoint_type": .string(checkpoint.type), "time": .string(checkpoint.time),
            "tinker_path": .string(checkpoint.path), "size_bytes": checkpoint.sizeBytes.map { .integer($0) } ?? .none,
            "public": .boolean(checkpoint.isPublic), "expires_at": checkpoint.expiresAt.map { .string($0) } ?? .none,
        ])
    }

    fileprivate init(checkpoints: [Checkpoint]) {
        self = .table(["checkpoints": .table(LuaTable(array: checkpoints.map { LuaValue($0) }))])
    }

    fileprivate init(_ download: DownloadedCheckpoint) {
        let files = download.files.map { file -> LuaValue in
            .table(["name": .string(file.name), "bytes": .integer(file.bytes), "sha256": .string(file.sha256)])
        }
        self = .table([
            "folder": .string(download.folder), "files": .table(LuaTable(array: files)),
            "archive_sha256": download.archiveSHA256.map { .string($0) } ?? .none,
        ])
    }
}
