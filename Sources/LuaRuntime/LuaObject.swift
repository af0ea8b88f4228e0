public import Display

/// A Swift object that Lua holds as userdata, with one retain; the collector releases it.
public protocol LuaObject: AnyObject, Sendable {
    /// The name under which its type is registered, for instance `Tensor`.
    static var luaType: String { get }
    /// The memory in bytes that it keeps alive outside of Lua, so that the collector knows of it.
    var externalBytes: Int { get }
}

extension LuaObject {
    /// Objects are small unless they say otherwise.
    public var externalBytes: Int { 0 }
}

/// A Swift object that has more to show than its text in Lua.
public protocol DisplayableObject: LuaObject {
    /// What a cell with this result shows.
    var displayValue: DisplayValue { get }
}

/// What userdata points at: an existential does not fit into one pointer.
final class ObjectBox {
    let object: any LuaObject
    init(_ object: any LuaObject) { self.object = object }
}

/// How objects of one `LuaObject` class behave in Lua. Every function gets the object as its first argument.
public struct ObjectType: Sendable {
    /// The class's `luaType`.
    public var name: String
    /// Read as `object.name`.
    public var properties: [HostFunction]
    /// Called as `object:name(...)`.
    public var methods: [HostFunction]
    /// Named as in Lua: `__add`, `__len`, `__call`, `__tostring`, `__close` ... `__index` gets (object, key) for every
    /// key that is neither a method nor a property, and returns nil for those that it does not know.
    public var metamethods: [HostFunction]

    /// A type by name.
    public init(
        name: String, properties: [HostFunction] = [], methods: [HostFunction] = [], metamethods: [HostFunction] = []
    ) {
        self.name = name
        self.properties = properties
        self.methods = methods
        self.metamethods = metamethods
    }
}
