import Cookbook
import LuaRuntime

extension Registry {
    /// The cookbook of the Lua surface (section 5): renderers, data sets, runners, preference models, environments,
    /// evaluators.
    public mutating func addCookbook(_ context: CookbookContext) {
        addRenderers(context)
        addDatasets()
        addRunners(context)
        addRLDatasets(context)
        addPreferenceModels(context)
        addEvaluators(context)
        addPipeline(context)
        addCheckpoints()
        addDisplay()
        addConversationDisplay()
        addSampleDisplay()
    }
}
