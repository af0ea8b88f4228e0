import LuaRuntime
import Tensors

extension Registry {
    /// The type `Tensor`, `rlhf.tensor{...}` and the functions of `rlhf.tensor`.
    public mutating func addTensors() {
        let shared = TensorFunction.elementwise + TensorFunction.reductions + TensorFunction.structure
        describe(
            module: "rlhf.tensor",
            "Numbers in a block, with arithmetic, functions and derivatives. Indices and axes count from 1, or from the end if negative."
        )
        add(Self.tensorConstructor)
        add(shared.map(\.function))
        add(TensorFunction.makers.map(\.maker))
        add(
            TypeBinding(
                name: TensorObject.luaType,
                doc:
                    "Numbers in a block of any number of dimensions. It never changes: every operation makes a new one.",
                properties: TensorObjectType.properties.map(\.member), methods: shared.map(\.member),
                operators: TensorObjectType.metamethods.map(\.member)))
    }

    private static let tensorConstructor = FunctionBinding(
        "rlhf.tensor",
        doc:
            "A tensor of nested arrays of numbers. Integers alone make int64, anything else float32, unless a dtype is given.",
        parameters: [
            ParameterDoc("numbers", "table", "numbers, or arrays of them of one length"), .dtype,
        ], returns: "Tensor", example: "rlhf.tensor{{1, 2}, {3, 4}, dtype = 'float64'}"
    ) { context in
        var value = context[0]
        var dtype = try context.dtype(try context.options(["dtype"])["dtype"])
        if case .table(var table) = value, !table["dtype"].isNone {
            dtype = try context.dtype(table["dtype"])
            table["dtype"] = .none
            value = .table(table)
        }
        if value.isNone { throw context.mismatch(0, expected: "table of numbers") }
        return .value(.tensor(try Tensor(value, what: "rlhf.tensor", dtype: dtype)))
    }
}
