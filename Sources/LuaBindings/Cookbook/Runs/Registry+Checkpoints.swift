import Cookbook
import LuaRuntime

extension Registry {
    /// `rlhf.checkpoint_utils`.
    mutating func addCheckpoints() {
        describe(module: "rlhf.checkpoint_utils", "The checkpoints in a run's folder.")
        add(
            FunctionBinding(
                "rlhf.checkpoint_utils.get_last_checkpoint", doc: "The last checkpoint of a run; nil if there is none.",
                parameters: [
                    ParameterDoc("log_path", "string", "the run's folder"),
                    ParameterDoc(
                        "options", "table", default: "{}",
                        """
                        `required_key`: \"state_path\" (the default) or \"sampler_path\", which the \
                        checkpoint must have
                        """
                    ),
                ], returns: "{name, state_path, sampler_path, next_step, epoch, final}",
                example: "local checkpoint = rlhf.checkpoint_utils.get_last_checkpoint(run.log_path)"
            ) { call in
                let path = try call.string(0)
                var options = try OptionReader(call, 1)
                let key = try options.value("required_key", default: CheckpointUtils.RequiredKey.statePath)
                try options.finish()
                return .work {
                    await RunDirectory(path: path).settle()
                    let record = try CheckpointUtils.getLastCheckpoint(path, requiredKey: key)
                    return [record.map { LuaValue($0) } ?? .none]
                }
            },
            FunctionBinding(
                "rlhf.checkpoint_utils.load_checkpoints_file", doc: "All checkpoints of a run, the oldest first.",
                parameters: [ParameterDoc("log_path", "string", "the run's folder")], returns: "a list of checkpoints",
                example:
                    """
                    for _, checkpoint in \
                    ipairs(rlhf.checkpoint_utils.load_checkpoints_file(run.log_path)) do \
                    print(checkpoint.name) end
                    """
            ) { call in
                let path = try call.string(0)
                return .work {
                    await RunDirectory(path: path).settle()
                    return [LuaValue(list: try RunDirectory(path: path).checkpoints().map { LuaValue($0) })]
                }
            })
    }
}
