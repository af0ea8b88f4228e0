public import LuaRuntime

/// A function of the Lua surface with its documentation.
public struct FunctionBinding: Sendable {
    /// How its parameters are given.
    public enum Style: Sendable {
        /// `f(a, b)`
        case positional
        /// `f{name = a, ...}`: one table, whose keys are the parameters
        case options
    }

    /// Where it is found, `rlhf.tensor.zeros`; for methods, properties and operators of a type its bare name.
    public var path: String
    /// One sentence or more; the first is shown in lists.
    public var doc: String
    /// How the parameters are given.
    public var style: Style
    /// The parameters in order; a method's object is not among them.
    public var parameters: [ParameterDoc]
    /// The returned values' type and meaning; empty for none.
    public var returns: String
    /// Lua that shows a typical use.
    public var example: String
    /// Tables arrive by reference only; see `HostFunction`.
    public var takesReferences: Bool
    /// What it does; see `HostFunction`.
    public var body: @Sendable (CallContext) throws -> HostResult

    /// A binding by its parts.
    public init(
        _ path: String, doc: String, style: Style = .positional, parameters: [ParameterDoc] = [], returns: String = "",
        example: String = "", takesReferences: Bool = false,
        body: @escaping @Sendable (CallContext) throws -> HostResult
    ) {
        self.path = path
        self.doc = doc
        self.style = style
        self.parameters = parameters
        self.returns = returns
        self.example = example
        self.takesReferences = takesReferences
        self.body = body
    }

    func hostFunction(named name: String) -> HostFunction {
        HostFunction(name, takesReferences: takesReferences, body: body)
    }
}
