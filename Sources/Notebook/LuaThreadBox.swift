/// An object for host functions, which are called on the Lua thread only; that makes passing it safe.
package struct LuaThreadBox<Object: AnyObject>: @unchecked Sendable {
    /// The object, while it lives.
    package weak var object: Object?

    /// A box around an object that others keep.
    package init(object: Object) { self.object = object }
}
