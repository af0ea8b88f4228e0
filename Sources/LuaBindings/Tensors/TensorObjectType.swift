import LuaRuntime
import Tensors

/// How a tensor behaves in Lua: operators, indexing, printing.
enum TensorObjectType {
    static let properties: [TensorFunction] = [
        TensorFunction(
            "shape", "The extent of each dimension.", returns: "integer[]", example: "rlhf.tensor{{1, 2}}.shape"
        ) { context in
            .value(.table(LuaTable(array: try context.tensor(0).shape.map { .integer($0) })))
        },
        TensorFunction(
            "dtype", "The element type: 'float32', 'float64' or 'int64'.", returns: "string",
            example: "rlhf.tensor{1}.dtype"
        ) { context in
            .value(.string(try context.tensor(0).dtype.rawValue))
        },
    ]

    static let metamethods: [TensorFunction] = [
        .binary("__add", "x + y, elementwise and broadcast.", example: "rlhf.tensor{1.0, 2.0} + 1") { try $0 + $1 },
        .binary("__sub", "x - y, elementwise and broadcast.", example: "1 - rlhf.tensor{1.0, 2.0}") { try $0 - $1 },
        .binary("__mul", "x * y, elementwise and broadcast.", example: "rlhf.tensor{1.0, 2.0} * {3, 4}") {
            try $0 * $1
        },
        .binary("__div", "x / y, elementwise and broadcast.", example: "rlhf.tensor{1.0, 2.0} / 2") { try $0 / $1 },
        .binary("__pow", "x ^ y, elementwise and broadcast.", example: "rlhf.tensor{1.0, 2.0} ^ 2") { try $0.pow($1) },
        TensorFunction("__unm", "-x, elementwise.", example: "-rlhf.tensor{1.0}") { context in
            .value(.tensor(-(try context.tensor(0))))
        },
        TensorFunction(
            "__len", "#x, the extent of the first dimension.", returns: "integer", example: "#rlhf.tensor{1, 2}"
        ) { context in
            guard let extent = try context.tensor(0).shape.first else {
                throw LuaError.usage("#x: a scalar has no length")
            }
            return .value(.integer(extent))
        },
        TensorFunction(
            "__eq", "x == y: whether shapes and all elements are equal.",
            [ParameterDoc("y", "Tensor", "the other tensor")], returns: "boolean",
            example: "rlhf.tensor{1} == rlhf.tensor{1.0}"
        ) { context in
            let (x, y) = (try context.tensor(0), try context.tensor(1))
            guard x.shape == y.shape else { return .value(false) }
            return .value(.boolean(try x.compared(.eq, y).ints.allSatisfy { $0 == 1 }))
        },
        comparison("__lt", .lt, operator: "<"),
        comparison("__le", .le, operator: "<="),
        TensorFunction(
            "__index", "x[i]: the part at an index of the first dimension.",
            [ParameterDoc("i", "integer", "counted from 1, or from the end if negative")],
            returns: "Tensor | number | nil", example: "rlhf.tensor{10, 20}[2]", body: index),
        TensorFunction(
            "__concat", "Text in front of or behind a scalar.", returns: "string",
            example: "'loss ' .. rlhf.tensor{0.5}"
        ) { context in
            func text(_ value: LuaValue) throws -> String {
                guard let object = value.object as? TensorObject else { return value.string ?? value.brief }
                return try LuaValue.item(of: object.tensor).brief
            }
            return .value(.string(try text(context[0]) + text(context[1])))
        },
        TensorFunction(
            "__tostring", "A summary: the first and last elements, type, shape, size, range.", returns: "string",
            example: "tostring(rlhf.tensor{1, 2})"
        ) {
            context in
            .value(.string(try context.tensor(0).summary()))
        },
    ]

    /// Comparison operators give one boolean in Lua, which makes sense for single elements alone.
    private static func comparison(
        _ name: String, _ comparison: Tensor.Comparison, operator symbol: String
    ) -> TensorFunction {
        TensorFunction(
            name, "x \(symbol) y, for single elements.", [ParameterDoc("y", "Tensor", "the other number")],
            returns: "boolean", example: "rlhf.tensor{1.0} \(symbol) 2"
        ) { context in
            let (x, y) = try context.operands()
            guard x.count == 1, y.count == 1 else {
                throw LuaError.usage(
                    "x \(symbol) y: shapes \(x.shapeText) and \(y.shapeText) cannot be compared to one truth value",
                    hint: "x:\(comparison.rawValue)(y) compares each element")
            }
            return .value(.boolean(try x.compared(comparison, y).ints[0] == 1))
        }
    }

    /// An element that carries no gradient is a plain number, as arrays have; nil beyond the end, so that `ipairs` works.
    private static let index: @Sendable (CallContext) throws -> HostResult = { context in
        let tensor = try context.tensor(0)
        guard let position = context[1].integer else {
            if context[1].string == nil {
                throw LuaError.usage(
                    "x[i]: expected integer, got \(context[1].brief)", hint: "x:select{1, 3} takes several")
            }
            return .nothing
        }
        guard let extent = tensor.shape.first else { throw LuaError.usage("x[i]: a scalar has no parts") }
        let offset = position < 0 ? position + extent : position - 1
        guard position != 0, (0..<extent).contains(offset) else { return .value(.none) }
        let part = try tensor[offset]
        return part.rank == 0 && !part.requiresGradient ? .value(try .item(of: part)) : .value(.tensor(part))
    }
}
