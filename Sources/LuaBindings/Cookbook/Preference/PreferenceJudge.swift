import Cookbook
import LuaRuntime

/// What a script names as a judge of two replies.
enum PreferenceJudge: Sendable {
    case model(any PreferenceModel)
    /// Trained weights by their sampler path.
    case path(String)
    /// `compare(comparison)`, from -1 (A is better) to 1.
    case function(LuaFunction)

    /// Reads an option.
    init(_ options: inout OptionReader, name: String) throws(LuaError) {
        let value = options.value(name)
        switch value {
        case .object(let object as PreferenceModelObject): self = .model(object.model)
        case .string(let path): self = .path(path)
        case .function(let function): self = .function(function)
        default:
            throw options.mismatch(name, expected: "PreferenceModel, sampler path or function(comparison)")
        }
    }

    /// The judge itself.
    func open(_ context: CookbookContext) async throws -> any PreferenceModel {
        switch self {
        case .model(let model): return model
        case .path(let path):
            return try await TrainedPreferenceModel.open(
                samplerPath: path, service: context.service, index: context.preferenceModels, roots: context.preferenceRoots)
        case .function(let function): return RulePreferenceModel(lua: function)
        }
    }
}

extension RulePreferenceModel {
    /// A rule that a Lua function states.
    init(lua function: LuaFunction) {
        self.init { comparison in
            let values = try await function.call([LuaValue(comparison)])
            guard let value = values.first?.number else {
                throw function.error(
                    "the preference function returned \(values.first?.brief ?? "nil")",
                    hint: "return a number from -1 (A is better) to 1 (B is better)")
            }
            return value
        }
    }
}
