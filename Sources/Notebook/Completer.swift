public import LuaBindings
internal import LuaRuntime

/// Ways to go on from a half-typed entry, and what its innermost call takes. Looks at values by raw reads alone, so that a Tab
/// never runs code.
public struct CompletionList: Sendable {
    /// A way to go on.
    public struct Candidate: Sendable, Equatable {
        /// What replaces the word.
        public var text: String
        /// What follows it when it is the only one: an opening bracket, an equals sign, a closing quote.
        public var suffix = ""
        /// How it is listed; its last part, for names with dots.
        public var label: String
        /// What it is, in a few words; may be empty.
        public var detail = ""
    }

    /// The end of the text, which the candidates replace. All of them begin with it.
    public var word: String
    /// At most 200, sorted as they shall be shown.
    public var candidates: [Candidate] = []
    /// The signature of the call around the cursor.
    public var signature: String?
    /// Whether the cursor stands among positional arguments with nothing typed, where the signature helps most.
    public var wantsSignature = false
}

/// Completes entries of the prompt: commands, help topics, Lua names, options of calls, their values, files, models and
/// checkpoints.
public struct Completer {
    static let limit = 200

    let registry: Registry
    /// Which bound function a value is.
    let index: PathIndex
    /// The names of the models that can be had.
    let models: () -> [String]
    /// The paths of saved weights, the latest first.
    let checkpoints: () -> [String]
    /// The names of values that have one of their own, such as renderers, by the option that takes them.
    let names: (_ option: String) -> [String]

    /// A completer over a session's bindings.
    public init(
        registry: Registry, index: PathIndex, models: @escaping () -> [String] = { [] },
        checkpoints: @escaping () -> [String] = { [] }, names: @escaping (String) -> [String] = { _ in [] }
    ) {
        (self.registry, self.index, self.models, self.checkpoints, self.names) = (registry, index, models, checkpoints, names)
    }

    /// What goes on from the end of a piece of Lua.
    func complete(lua text: String, in state: LuaState) -> CompletionList {
        let context = CompletionContext(text)
        let called = context.call.flatMap { binding(of: $0.callee, in: state) }
        var list: CompletionList
        switch context.place {
        case .nothing: list = CompletionList(word: "")
        case .name(let word):
            list = CompletionList(word: word, candidates: nameCandidates(word, in: state))
            list.wantsSignature = word.isEmpty
        case .option(let stem):
            let options = optionCandidates(stem, of: called?.binding, without: context.call?.keys ?? [])
            list = CompletionList(word: stem, candidates: options.isEmpty ? nameCandidates(stem, in: state) : options)
        case .value(let word):
            let values = valueCandidates(word, of: context.call?.key, in: called?.binding)
            list = CompletionList(word: word, candidates: values + (word.isEmpty ? [] : nameCandidates(word, in: state)))
        case .string(let content, let quote):
            list = CompletionList(
                word: content,
                candidates: stringCandidates(content, quote: quote, call: context.call, binding: called?.binding))
        }
        list.candidates = Array(list.candidates.prefix(Self.limit))
        list.signature = called.map { registry.signature($0.binding, name: $0.name) }
        return list
    }

    // MARK: Names and options

    private func nameCandidates(_ word: String, in state: LuaState) -> [CompletionList.Candidate] {
        state.completions(for: word).map { completion in
            let label = completion.text.split { $0 == "." || $0 == ":" }.last.map(String.init) ?? completion.text
            let suffix: String
            switch completion.kind {
            case .function, .method:
                suffix = binding(of: completion.text, in: state)?.binding.style == .options ? "{" : "("
            default: suffix = ""
            }
            return CompletionList.Candidate(text: completion.text, suffix: suffix, label: label + suffix)
        }
    }

    private func optionCandidates(
        _ stem: String, of binding: FunctionBinding?, without given: [String]
    ) -> [CompletionList.Candidate] {
        guard let binding, binding.style == .options else { return [] }
        return binding.parameters.filter { $0.name.hasPrefix(stem) && !given.contains($0.name) }.map { parameter in
            let value = parameter.defaultValue.map { " = \($0)" } ?? ", required"
            return CompletionList.Candidate(
                text: parameter.name, suffix: " = ", label: parameter.name, detail: "\(parameter.type)\(value): \(parameter.doc)")
        }
    }

    private func valueCandidates(
        _ word: String, of key: String?, in binding: FunctionBinding?
    ) -> [CompletionList.Candidate] {
        guard let parameter = binding?.parameters.first(where: { $0.name == key }) else { return [] }
        let values = parameter.type == "boolean" ? ["true", "false"] : parameter.choices.map { "\"\($0)\"" }
        return values.filter { $0.hasPrefix(word) }.map { CompletionList.Candidate(text: $0, label: $0) }
    }

    /// The binding that a name means: by its path, by the function that it holds, or as a method of the object before its colon.
    private func binding(of callee: String, in state: LuaState) -> (binding: FunctionBinding, name: String)? {
        if let colon = callee.lastIndex(of: ":") {
            guard case .object(let object) = state.peek(String(callee[..<colon]).replacing(":", with: ".")) else { return nil }
            let (type, method) = (type(of: object).luaType, callee[callee.index(after: colon)...])
            let binding = registry.types.first { $0.name == type }?.methods.first { $0.path == method }
            return binding.map { ($0, callee) }
        }
        guard case .function(let function) = state.peek(callee), let path = index.path(of: function.reference) else { return nil }
        return registry.functions.first { $0.path == path }.map { ($0, callee) }
    }

    // MARK: Strings

    private func stringCandidates(
        _ content: String, quote: Character, call: CompletionContext.Call?, binding: FunctionBinding?
    ) -> [CompletionList.Candidate] {
        func named(_ names: [String]) -> [CompletionList.Candidate] {
            names.filter { $0.hasPrefix(content) }.map { CompletionList.Candidate(text: $0, suffix: String(quote), label: $0) }
        }
        let key = call?.key ?? ""
        if let choices = binding?.parameters.first(where: { $0.name == key })?.choices, !choices.isEmpty { return named(choices) }
        if ["model_name", "base_model"].contains(key) { return named(models()) }
        let others = names(key)
        if !others.isEmpty { return named(others) }
        let function = call.map { $0.callee.split { $0 == "." || $0 == ":" }.last.map(String.init) ?? "" } ?? ""
        let takesCheckpoint =
            key == "model_path" || key.hasSuffix("checkpoint_path") || key == "kl_reference_path"
            || ["load_state", "load_state_with_optimizer"].contains(function) || call?.callee == "rlhf.preference.model"
        let weights = takesCheckpoint ? named(checkpoints()) : []
        return weights + FileCompletion.candidates(content, closing: String(quote))
    }
}
