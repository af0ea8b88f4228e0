/// An object for host functions, which are called on the Lua thread only; that makes passing it safe.
struct LuaThreadBox<Object: AnyObject>: @unchecked Sendable {
    weak var object: Object?
}
