public import LuaRuntime
public import ModelFiles

extension ModelFileError: UserFacingError {
    /// `io` for what the system refused, else `model`.
    public var kind: String {
        if case .io = self { "io" } else { "model" }
    }

    /// What was wrong, where, and what to do about it.
    public var message: String { description }

    /// The message says it all.
    public var hint: String? { nil }
}
