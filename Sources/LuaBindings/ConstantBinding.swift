public import LuaRuntime

/// A value of the Lua surface with its documentation.
public struct ConstantBinding: Sendable {
    /// Where it is found, `rlhf.default_model`.
    public var path: String
    /// One sentence or more; the first is shown in lists.
    public var doc: String
    /// For people: `string`, or the name of a type.
    public var type: String
    /// What Lua sees.
    public var value: LuaValue

    /// A constant by its parts.
    public init(_ path: String, doc: String, type: String, value: LuaValue) {
        self.path = path
        self.doc = doc
        self.type = type
        self.value = value
    }
}
