public import LuaRuntime
public import TrainingAPI

/// Work that ends later, as Lua holds it.
public final class FutureObject: LuaObject {
    /// Its name in Lua.
    public static let luaType = "Future"
    /// The work's value; several values of Lua are a table.
    public let future: Future<LuaValue>

    /// A future of a Lua value.
    public init(_ future: Future<LuaValue>) { self.future = future }

    /// A future of a Swift value that is converted when it is there.
    public convenience init<Value: Sendable>(
        _ future: Future<Value>, _ convert: @escaping @Sendable (Value) throws -> LuaValue
    ) {
        self.init(future.map(convert))
    }
}

extension HostResult {
    /// A Future object for Lua.
    public static func future<Value: Sendable>(
        _ future: Future<Value>, _ convert: @escaping @Sendable (Value) throws -> LuaValue
    ) -> HostResult {
        .value(.object(FutureObject(future, convert)))
    }
}

extension Registry {
    /// The type `Future`, `rlhf.gather` and `rlhf.spawn`.
    public mutating func addFutures() {
        add(
            TypeBinding(
                name: FutureObject.luaType,
                doc:
                    "The result of work that has been queued and ends later. It goes on whether waited for or not.",
                methods: [
                    FunctionBinding(
                        "result", doc: "Waits for the value and returns it. Raises the work's error if it failed.",
                        returns: "the value"
                    ) { .future(try $0.object(0, as: FutureObject.self).future.map { [$0] }) },
                    FunctionBinding(
                        "done", doc: "Tells whether the work has ended, without waiting.", returns: "boolean"
                    ) {
                        .value(.boolean(try $0.object(0, as: FutureObject.self).future.isDone))
                    },
                    FunctionBinding(
                        "cancel", doc: "Asks the work to stop. Waiting for it then raises an error of kind 'cancelled'."
                    ) {
                        try $0.object(0, as: FutureObject.self).future.cancel()
                        return .nothing
                    },
                ],
                operators: [
                    FunctionBinding("__tostring", doc: "Shows the state of the work.") { context in
                        let result = try context.object(0, as: FutureObject.self).future.result
                        let text =
                            switch result {
                            case nil: "running"
                            case .success: "done"
                            case .failure(let error): "failed: \(LuaError(error).message)"
                            }
                        return .value(.string("Future (\(text))"))
                    }
                ]))
        add(
            FunctionBinding(
                "rlhf.gather",
                doc:
                    "Waits for all futures of a list and returns their values in order. The first error is raised.",
                parameters: [ParameterDoc("futures", "Future[]", "the futures to wait for")],
                returns: "a list of values",
                example: "local a, b = table.unpack(rlhf.gather{f1, f2})"
            ) { context in .future(Self.gather(try Self.futures(context))) },
            FunctionBinding(
                "rlhf.spawn", doc: "Runs a function as a task beside the cell, which goes on at once.",
                parameters: [
                    ParameterDoc("fn", "function", "what to run"),
                    ParameterDoc("...", "any", default: "nil", "its arguments"),
                ], returns: "Future of the function's first value",
                example: "local f = rlhf.spawn(function() return sampler:sample(request):result() end)"
            ) { context in
                let future = context.state.spawn(try context.function(0), Array(context.arguments.dropFirst()))
                return .future(future) { $0.first ?? .none }
            })
    }

    private static func futures(_ context: CallContext) throws(LuaError) -> [Future<LuaValue>] {
        let table = try context.table(0)
        guard table.fields.isEmpty else { throw context.mismatch(0, expected: "list of futures") }
        var futures = [Future<LuaValue>]()
        for (index, value) in table.array.enumerated() {
            guard let object = value.object as? FutureObject else {
                throw .usage("rlhf.gather: item \(index + 1) expected Future, got \(value.brief)")
            }
            futures.append(object.future)
        }
        return futures
    }

    private static func gather(_ futures: [Future<LuaValue>]) -> Future<[LuaValue]> {
        let gathered = Future<[LuaValue]>()
        gathered.onCancel { for future in futures { future.cancel() } }
        for future in futures {
            future.whenDone { result in
                if case .failure(let error) = result { return gathered.resolve(.failure(error)) }
                // The last one to end finds all the others done.
                let values = futures.compactMap { try? $0.result?.get() }
                if values.count == futures.count { gathered.resolve(.success([.table(LuaTable(array: values))])) }
            }
        }
        if futures.isEmpty { gathered.resolve(.success([.table(LuaTable())])) }
        return gathered
    }
}
