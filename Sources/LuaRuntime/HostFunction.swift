import CLuaBridge
public import TrainingAPI

/// What a host function gives back to Lua.
public enum HostResult {
    /// Values, at once.
    case values([LuaValue])
    /// Values that come later. In a cell or task Lua's coroutine yields until they are there; elsewhere the call
    /// blocks, and interrupts and other tasks are served meanwhile.
    case future(Future<[LuaValue]>)

    /// No value.
    public static var nothing: HostResult { .values([]) }

    /// One value, at once.
    public static func value(_ value: LuaValue) -> HostResult { .values([value]) }
}

/// A Swift function that Lua can call.
public struct HostFunction: Sendable {
    /// For error messages, for instance `rlhf.tensor.zeros`; a method's has a colon: `Tensor:sum`.
    public var name: String
    /// Tables arrive empty, by reference only: for functions that look at identity or at one field of a large or cyclic
    /// table.
    public var takesReferences: Bool
    /// Called on the Lua thread. Whatever it throws becomes a Lua error.
    public var body: @Sendable (CallContext) throws -> HostResult

    /// A function by name.
    public init(
        _ name: String, takesReferences: Bool = false, body: @escaping @Sendable (CallContext) throws -> HostResult
    ) {
        self.name = name
        self.takesReferences = takesReferences
        self.body = body
    }
}

/// One call of a host function. Valid during the call only.
public final class CallContext {
    /// The state that calls; `call` of it runs a Lua function from here.
    public let state: LuaState
    /// The called function's name.
    public let functionName: String
    /// The arguments, converted once; a method's first is its object.
    public let arguments: [LuaValue]
    private var call: UnsafePointer<lb_call>?

    init(state: LuaState, functionName: String, arguments: [LuaValue], call: UnsafePointer<lb_call>) {
        self.state = state
        self.functionName = functionName
        self.arguments = arguments
        self.call = call
    }

    func end() { call = nil }

    /// The chunk and line of the Lua code that called.
    public var caller: (cell: String, line: Int)? {
        guard let call else { return nil }
        var cell: UnsafePointer<CChar>?
        var line: Int32 = 0
        guard lb_caller(call, &cell, &line), let cell else { return nil }
        return (String(cString: cell), Int(line))
    }

    /// Whether Ctrl-C has been pressed; long work on the Lua thread polls this and throws `LuaError.cancelled`.
    public var isInterrupted: Bool { state.isInterrupted }

    /// The bytes of a string argument as they are in Lua.
    public func bytes(at index: Int) -> [UInt8]? {
        guard let call, case .string? = arguments.indices.contains(index) ? arguments[index] : nil else { return nil }
        var reader = ItemReader(items: call.pointee.items, count: call.pointee.item_count, mailbox: state.mailbox)
        for _ in 0..<index { reader.skip() }
        return reader.bytes()
    }
}

extension CallContext {
    private var isMethod: Bool { functionName.contains(":") }

    /// An argument by index (a method's object is 0); `.none` beyond the last.
    public subscript(index: Int) -> LuaValue { arguments.indices.contains(index) ? arguments[index] : .none }

    /// `NAME: argument N expected WHAT, got VALUE`.
    public func mismatch(_ index: Int, expected: String) -> LuaError {
        let number = isMethod ? index : index + 1
        if isMethod && index == 0 {
            return .usage(
                "\(functionName): called on \(self[0].brief), expected \(expected)",
                hint: "call methods with a colon: object:\(functionName.split(separator: ":").last ?? "")(...)")
        }
        return .usage("\(functionName): argument \(number) expected \(expected), got \(self[index].brief)")
    }

    /// A string argument.
    public func string(_ index: Int) throws(LuaError) -> String {
        guard let value = self[index].string else { throw mismatch(index, expected: "string") }
        return value
    }

    /// An integer argument, not less than `atLeast`.
    public func integer(_ index: Int, atLeast minimum: Int = .min) throws(LuaError) -> Int {
        guard let value = self[index].integer, value >= minimum else {
            throw mismatch(index, expected: minimum == .min ? "integer" : "integer >= \(minimum)")
        }
        return value
    }

    /// A number argument.
    public func number(_ index: Int) throws(LuaError) -> Double {
        guard let value = self[index].number else { throw mismatch(index, expected: "number") }
        return value
    }

    /// A boolean argument.
    public func boolean(_ index: Int) throws(LuaError) -> Bool {
        guard let value = self[index].boolean else { throw mismatch(index, expected: "boolean") }
        return value
    }

    /// A table argument.
    public func table(_ index: Int) throws(LuaError) -> LuaTable {
        guard let value = self[index].table else { throw mismatch(index, expected: "table") }
        return value
    }

    /// A function argument.
    public func function(_ index: Int) throws(LuaError) -> LuaFunction {
        guard let value = self[index].function else { throw mismatch(index, expected: "function") }
        return value
    }

    /// An object argument of a class.
    public func object<Object: LuaObject>(_ index: Int, as type: Object.Type = Object.self) throws(LuaError) -> Object {
        guard let value = self[index].object as? Object else { throw mismatch(index, expected: Object.luaType) }
        return value
    }
}
