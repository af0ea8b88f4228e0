/// What a parameter or an option of a binding is.
public struct ParameterDoc: Sendable, Equatable {
    /// Its name, or its key in a table of options.
    public var name: String
    /// For people: `integer`, `string`, `Datum[]`, `function(prompt, response) -> number` ...
    public var type: String
    /// The value taken when it is left out, as Lua would write it; nil for one that is required.
    public var defaultValue: String?
    /// What it means, with its unit.
    public var doc: String
    /// All values there are, if they are few names.
    public var choices: [String]

    /// A parameter; without a default it is required.
    public init(_ name: String, _ type: String, default defaultValue: String? = nil, _ doc: String, choices: [String] = []) {
        self.name = name
        self.type = type
        self.defaultValue = defaultValue
        self.doc = doc
        self.choices = choices
    }
}
