import Cookbook
public import LuaRuntime

extension Registry {
    /// The cookbook of the Lua surface (section 5): renderers, data sets, runners, preference models, environments,
    /// evaluators.
    /// `LuaState.defineCookbookConstants` adds what is no function.
    public mutating func addCookbook(_ context: CookbookContext) {
        addRenderers(context)
        addDatasets()
        addRunners(context)
        addRLDatasets(context)
        addPreferenceModels(context)
        addEvaluators(context)
        addPipeline(context)
        addCheckpoints()
        addDisplay(context)
    }
}

extension LuaState {
    /// Defines `rlhf.TrainOnWhat`. After the registry has been installed.
    public func defineCookbookConstants() throws(LuaError) {
        try define("rlhf.TrainOnWhat", .object(TrainOnWhatObject()))
    }
}
