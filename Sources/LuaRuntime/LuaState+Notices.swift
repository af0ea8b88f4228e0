import CLuaBridge

/// A function that holds a cell's local while the session's variable of the name has another value.
public struct OutdatedCapture: Sendable, Hashable {
    /// How the function is found: `f`, `env.step`.
    public let function: String
    /// The local's name.
    public let variable: String
    /// The chunk that declared the local.
    public let cell: String
    /// The function has changed its own variable; else a later cell has assigned the session's.
    public let isChangedByFunction: Bool
}

/// A read of a global that nothing has defined.
public struct UndefinedRead: Sendable, Equatable {
    /// The name.
    public let name: String
    /// The chunk that reads.
    public let cell: String
    /// The line of that chunk, from 1.
    public let line: Int
}

extension LuaState {
    /// The functions among the session's variables, and in their tables, that have come to mean another variable than the
    /// session does.
    public func outdatedCaptures() -> [OutdatedCapture] {
        guard let parts = try? perform(LB_OP_CAPTURES).values else { return [] }
        return stride(from: 0, to: parts.count - 3, by: 4).compactMap { start in
            guard let function = parts[start].string, let variable = parts[start + 1].string,
                let cell = parts[start + 2].string
            else { return nil }
            return OutdatedCapture(
                function: function, variable: variable, cell: cell, isChangedByFunction: parts[start + 3].isTruthy)
        }
    }

    /// The names in a table, or of a type's members, by the dotted path of globals that leads there; the globals themselves
    /// for an empty path. Runs no code of the user's.
    public func memberNames(of path: String = "") -> [String] {
        guard let members = try? perform(LB_OP_MEMBERS, text: path).values else { return [] }
        return stride(from: 0, to: members.count - 1, by: 2).compactMap { members[$0].string }
            .filter { !$0.hasPrefix("__") }
    }

    /// Calls `body` when Lua code reads a global that is not defined, once for a name in a line. The read gives nil, as
    /// always. `body` is called on the Lua thread while the cell runs.
    public func watchUndefinedGlobals(_ body: @escaping @Sendable (UndefinedRead) -> Void) throws(LuaError) {
        let number = number(
            of: HostFunction("undefined global") { call in
                body(UndefinedRead(name: try call.string(0), cell: try call.string(1), line: try call.integer(2)))
                return .nothing
            })
        _ = try perform(LB_OP_WATCH_GLOBALS, number: Int64(number))
    }
}
