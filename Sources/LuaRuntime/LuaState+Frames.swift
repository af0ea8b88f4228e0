import CLuaBridge

/// A frame of the latest failure, as it was when the error was raised.
public struct LuaFrame: Sendable, Equatable {
    /// 1 is the innermost.
    public let number: Int
    /// The chunk, for instance `cell[3]`.
    public let cell: String
    /// The line of that chunk, from 1.
    public let line: Int
    /// `the cell`, `function 'f'` or `the function of line 3`.
    public let name: String
}

/// A variable of a frame.
public struct FrameVariable: Sendable {
    /// Where it is declared.
    public enum Origin: String, Sendable { case local, upvalue }

    /// Its name.
    public let name: String
    /// Where it is declared.
    public let origin: Origin
    /// Its value; tables by reference, empty in themselves.
    public let value: LuaValue
}

extension LuaState {
    /// The frames of the latest cell or task that failed, the innermost first; at most 50.
    public func failedFrames() -> [LuaFrame] {
        guard let parts = try? perform(LB_OP_FRAMES).values else { return [] }
        return stride(from: 0, to: parts.count - 2, by: 3).enumerated().compactMap { index, start in
            guard let cell = parts[start].string, let line = parts[start + 1].integer, let name = parts[start + 2].string
            else { return nil }
            return LuaFrame(number: index + 1, cell: cell, line: line, name: name)
        }
    }

    /// What a frame's function could see, upvalues first; at most 50 of each. Throws when a newer failure has replaced it.
    public func variables(of frame: LuaFrame) throws(LuaError) -> [FrameVariable] {
        let parts = try perform(LB_OP_FRAME, number: Int64(frame.number)).values
        return stride(from: 0, to: parts.count - 2, by: 3).compactMap { start in
            guard let name = parts[start].string, let origin = parts[start + 1].string.flatMap(FrameVariable.Origin.init)
            else { return nil }
            return FrameVariable(name: name, origin: origin, value: parts[start + 2])
        }
    }

    /// Runs something whose errors are no failure of the user's: the frames of the latest one stay.
    public func keepingFrames<Result>(_ body: () throws -> Result) rethrows -> Result {
        lb_keep_postmortem(bridge, true)
        defer { lb_keep_postmortem(bridge, false) }
        return try body()
    }
}
