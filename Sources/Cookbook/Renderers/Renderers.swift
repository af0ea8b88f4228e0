import Synchronization
public import Tokenizers

/// The renderers by name: those built in, and those registered by a script.
public enum Renderers {
    /// Makes a renderer for a model's tokenizer.
    public typealias Factory = @Sendable (any Tokenizer) throws(CookbookError) -> any Renderer

    private static let builtIn: [(name: String, make: Factory)] = [
        ("role_colon", { (tokenizer) throws(CookbookError) in RoleColonRenderer(tokenizer: tokenizer) }),
        (
            "chatml",
            { (tokenizer) throws(CookbookError) in
                try ChatMLRenderer(name: "chatml", tokenizer: tokenizer, style: .plain)
            }
        ),
        (
            "smollm2",
            { (tokenizer) throws(CookbookError) in
                try ChatMLRenderer(name: "smollm2", tokenizer: tokenizer, style: .smolLM2)
            }
        ),
        (
            "qwen3_instruct",
            { (tokenizer) throws(CookbookError) in
                try ChatMLRenderer(name: "qwen3_instruct", tokenizer: tokenizer, style: .plain)
            }
        ),
        ("llama3", { (tokenizer) throws(CookbookError) in try Llama3Renderer(tokenizer: tokenizer) }),
    ]

    private static let custom = Mutex<[String: Factory]>([:])

    /// All names, those built in first.
    public static var names: [String] { builtIn.map(\.name) + registeredNames }

    /// The names that were registered, sorted.
    public static var registeredNames: [String] { custom.withLock { $0.keys.sorted() } }

    /// A renderer by name; one registered goes before one built in. Throws `unknownName`, or `rendering` when the tokenizer lacks
    /// what the format needs.
    public static func named(_ name: String, tokenizer: any Tokenizer) throws(CookbookError) -> any Renderer {
        if let factory = custom.withLock({ $0[name] }) { return try factory(tokenizer) }
        guard let entry = builtIn.first(where: { $0.name == name }) else {
            throw .unknownName(name, what: "renderer", known: names)
        }
        return try entry.make(tokenizer)
    }

    /// Makes a renderer known under a name, in place of one already known under it.
    public static func register(_ name: String, factory: @escaping Factory) {
        custom.withLock { $0[name] = factory }
    }

    /// Forgets a registered renderer; returns whether there was one.
    @discardableResult
    public static func unregister(_ name: String) -> Bool {
        custom.withLock { $0.removeValue(forKey: name) != nil }
    }

    /// The renderer to use with a model unless told otherwise: the first recommended one that this program has. Throws
    /// `CookbookError.model` for a model of no known family, and for one whose format is not here.
    public static func recommendedName(model: String) throws(CookbookError) -> String {
        let recommended = try ModelInfo.recommendedRenderers(model: model)
        guard let name = recommended.first(where: { names.contains($0) }) else {
            throw .model(
                "model '\(model)' is written with \(recommended.joined(separator: " or ")), which this program does not have",
                hint: "register it, or pass renderer_name = \"chatml\" or \"role_colon\"")
        }
        return name
    }

    /// What to tell a user who chose a renderer that a model was not trained with; nil when all is well or nothing is known.
    public static func warning(renderer: String, model: String) -> String? {
        guard let recommended = try? ModelInfo.recommendedRenderers(model: model), !recommended.contains(renderer)
        else {
            return nil
        }
        return "renderer '\(renderer)' is not the one recommended for \(model): \(recommended.joined(separator: ", "))"
    }
}
