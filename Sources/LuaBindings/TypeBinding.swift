import LuaRuntime

/// A type of the Lua surface with its documentation. Everything in it gets the object as its first argument.
public struct TypeBinding: Sendable {
    /// The `luaType` of the Swift class.
    public var name: String
    /// What its objects are.
    public var doc: String
    /// Read as `object.name`; `returns` tells the type.
    public var properties: [FunctionBinding]
    /// Called as `object:name(...)`.
    public var methods: [FunctionBinding]
    /// Metamethods by Lua's names: `__add`, `__len`, `__index` (for keys that are no member), `__tostring` ...
    public var operators: [FunctionBinding]

    /// A type by its parts.
    public init(
        name: String, doc: String, properties: [FunctionBinding] = [], methods: [FunctionBinding] = [],
        operators: [FunctionBinding] = []
    ) {
        self.name = name
        self.doc = doc
        self.properties = properties
        self.methods = methods
        self.operators = operators
    }

    var objectType: ObjectType {
        ObjectType(
            name: name, properties: properties.map { $0.hostFunction(named: "\(name).\($0.path)") },
            methods: methods.map { $0.hostFunction(named: "\(name):\($0.path)") },
            metamethods: operators.map { $0.hostFunction(named: $0.path) })
    }
}
