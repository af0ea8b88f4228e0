import LuaRuntime
import Tensors

extension TensorFunction {
    /// Shapes, parts, conversions.
    static let structure: [TensorFunction] = [
        TensorFunction(
            "slice",
            "The part from index i to index j, both included, along an axis (the first unless given); negative indices count from the end.",
            [
                ParameterDoc("i", "integer", default: "1", "the first index"),
                ParameterDoc("j", "integer", default: "-1", "the last index"), .axis(default: "1"),
            ], example: "rlhf.tensor{1, 2, 3, 4}:slice(2, 3)"
        ) { context in
            let tensor = try context.tensor(0)
            let axis = try context.axis(context[3], rank: tensor.rank) ?? 0
            guard tensor.rank > 0 else { throw LuaError.usage("\(context.functionName): a scalar has no parts") }
            let extent = tensor.shape[axis < 0 ? axis + tensor.rank : axis]
            func position(_ index: Int, default missing: Int) throws -> Int {
                let value = context[index].isNone ? missing : try context.integer(index)
                return value < 0 ? value + extent + 1 : value
            }
            let (first, last) = (try position(1, default: 1), try position(2, default: extent))
            guard first >= 1, last <= extent, first <= last + 1 else {
                throw LuaError.usage(
                    "\(context.functionName): \(context[1].brief) to \(context[2].isNone ? "\(extent)" : context[2].brief)"
                        + " is out of bounds for an axis of \(extent) (shape \(tensor.shapeText))",
                    hint: "indices are 1 to \(extent), both ends included")
            }
            return .value(.tensor(try tensor.slice(first - 1..<last, axis: axis)))
        },
        TensorFunction(
            "select",
            "The parts with the given indices along an axis (the first unless given), in that order; indices may repeat.",
            [ParameterDoc("indices", "integer[]", "the indices, counted from 1"), .axis(default: "1")],
            example: "rlhf.tensor{10, 20, 30}:select{3, 1}"
        ) { context in
            let tensor = try context.tensor(0)
            let axis = try context.axis(context[2], rank: tensor.rank) ?? 0
            guard tensor.rank > 0 else { throw LuaError.usage("\(context.functionName): a scalar has no parts") }
            let extent = tensor.shape[axis < 0 ? axis + tensor.rank : axis]
            let indices = try context.tensor(1)
            for index in indices.doubles where !(1...Double(max(extent, 1))).contains(index) || index.rounded() != index {
                throw LuaError.usage(
                    "\(context.functionName): there is no index \(Int(exactly: index).map(String.init) ?? "\(index)") on an axis of \(extent)",
                    hint: "indices are 1 to \(extent)")
            }
            return .value(.tensor(try tensor.selected(indices.ints.map { $0 - 1 }, axis: axis)))
        },
        TensorFunction(
            "reshape", "The same elements in another shape; one extent may be -1 and is then computed.", [.extents],
            example: "rlhf.tensor{1, 2, 3, 4}:reshape(2, -1)"
        ) { context in
            let (shape, _) = try context.shape(from: 1, options: [])
            return .value(.tensor(try context.tensor(0).reshaped(shape)))
        },
        .unary(
            "transpose", "A matrix with rows and columns exchanged.", example: "rlhf.tensor{{1, 2}, {3, 4}}:transpose()"
        ) { try $0.transposed() },
        TensorFunction(
            "to", "The same elements as 'float32', 'float64' or 'int64'.",
            [ParameterDoc("dtype", "string", "the element type")],
            example: "rlhf.tensor{1, 2}:to('float32')"
        ) { context in
            guard let dtype = try context.dtype(context[1]) else { throw context.mismatch(1, expected: "dtype") }
            return .value(.tensor(try context.tensor(0).converted(to: dtype)))
        },
        .unary("detach", "The same elements as a constant, through which no gradient flows.") { $0.detached() },
        .unary("requires_grad", "The same elements as a variable, by which rlhf.tensor.gradients can differentiate.") {
            try $0.requiringGradient()
        },
        TensorFunction(
            "item", "The one element as a Lua number.", returns: "number", example: "rlhf.tensor{1.0, 2.0}:sum():item()"
        ) { context in
            .value(try .item(of: context.tensor(0)))
        },
        TensorFunction(
            "tolist", "The elements as nested Lua arrays; a number for a scalar.", returns: "table",
            example: "rlhf.tensor{1, 2}:tolist()"
        ) { context in
            .value(try context.tensor(0).luaValue)
        },
    ]

    /// Functions that are no methods, because they do not begin with one tensor.
    static let makers: [TensorFunction] = [
        TensorFunction(
            "zeros", "Zeros; without extents a scalar.", [.extents, .dtype],
            example: "rlhf.tensor.zeros(2, 3, {dtype = 'int64'})"
        ) { context in
            let (shape, options) = try context.shape(options: ["dtype"])
            return .value(.tensor(try .zeros(shape, dtype: context.dtype(options["dtype"]) ?? .float32)))
        },
        TensorFunction(
            "ones", "Ones; without extents a scalar.", [.extents, .dtype],
            example: "rlhf.tensor.ones(2, 3, {dtype = 'int64'})"
        ) { context in
            let (shape, options) = try context.shape(options: ["dtype"])
            return .value(.tensor(try .ones(shape, dtype: context.dtype(options["dtype"]) ?? .float32)))
        },
        TensorFunction(
            "full", "The same number everywhere.",
            [
                ParameterDoc("shape", "integer[]", "the extents"), ParameterDoc("value", "number", "the number"),
                .dtype,
            ], example: "rlhf.tensor.full({2, 3}, 0.5)"
        ) { context in
            let shape = try context[0].integer.map { [$0] } ?? context.table(0).array.compactMap(\.integer)
            guard context[0].integer != nil || shape.count == context[0].table?.array.count else {
                throw context.mismatch(0, expected: "array of integers")
            }
            let value = try context.number(1)
            let options = try context.options(["dtype"], from: 2)
            return .value(.tensor(try .full(shape, value, dtype: context.dtype(options["dtype"]) ?? .float32)))
        },
        TensorFunction(
            "arange",
            "The numbers from start (0 unless given) in steps of step (1 unless given), short of stop, as in PyTorch.",
            [
                ParameterDoc("start", "number", default: "0", "the first number"),
                ParameterDoc("stop", "number", "where to stop, itself not included"),
                ParameterDoc("step", "number", default: "1", "from each number to the next"),
            ], example: "rlhf.tensor.arange(1, 4)"
        ) { context in
            let numbers = try context.arguments.indices.map { try context.number($0) }
            guard (1...3).contains(numbers.count) else { throw context.mismatch(0, expected: "one to three numbers") }
            let (start, stop) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
            let isWhole = context.arguments.allSatisfy { if case .integer = $0 { true } else { false } }
            let step = numbers.count == 3 ? numbers[2] : 1
            return .value(.tensor(try .arange(start, stop, step: step, dtype: isWhole ? .int64 : .float32)))
        },
        TensorFunction(
            "randn", "Numbers from the standard normal distribution; the same seed gives the same numbers.",
            [
                .extents, ParameterDoc("seed", "integer", default: "nil", "a fresh one if nil, in a table at the end"),
                .dtype,
            ],
            example: "rlhf.tensor.randn(2, 3, {seed = 1})"
        ) { context in
            let (shape, options) = try context.shape(options: ["seed", "dtype"])
            let dtype = try context.dtype(options["dtype"]) ?? .float32
            guard dtype.isFloatingPoint else {
                throw LuaError.usage("\(context.functionName): dtype must be float32 or float64")
            }
            let seed = try options.integer("seed", in: context) ?? Int.random(in: 0...Int.max)
            return .value(.tensor(try .randn(shape, seed: seed, dtype: dtype)))
        },
        TensorFunction(
            "cat", "Tensors one after another along an axis, the first unless given.",
            [ParameterDoc("tensors", "Tensor[]", "the tensors, in order"), .axis(default: "1")],
            example: "rlhf.tensor.cat({{1, 2}, {3}})"
        ) { context in
            let tensors = try context.tensors(0)
            let axis = try context.axis(context[1], rank: tensors.first?.rank ?? 0)
            return .value(.tensor(try .cat(tensors, axis: axis ?? 0)))
        },
        TensorFunction(
            "stack", "Tensors of one shape along a new axis, the first unless given.",
            [ParameterDoc("tensors", "Tensor[]", "the tensors, in order"), .axis(default: "1")],
            example: "rlhf.tensor.stack({{1, 2}, {3, 4}})"
        ) { context in
            let tensors = try context.tensors(0)
            let axis = try context.axis(context[1], rank: (tensors.first?.rank ?? 0) + 1)
            return .value(.tensor(try .stack(tensors, axis: axis ?? 0)))
        },
        TensorFunction(
            "gradients",
            "The derivatives of a scalar loss by each input, in an array: of variables made by requires_grad() and values computed from them.",
            [
                ParameterDoc("loss", "Tensor", "one element"),
                ParameterDoc("inputs", "Tensor[]", "what to differentiate by"),
            ], returns: "Tensor[]",
            example: "local x = rlhf.tensor{1.0, 2.0}:requires_grad()\nreturn rlhf.tensor.gradients((x * x):sum(), {x})[1]"
        ) { context in
            let loss = try context.object(0, as: TensorObject.self).tensor
            let inputs = try (context[1].object as? TensorObject).map { [$0.tensor] } ?? context.tensors(1)
            let found = try Tensors.gradients(of: loss, by: inputs)
            return .value(.table(LuaTable(array: found.map { .tensor($0) })))
        },
    ]
}

extension Tensor {
    /// The shape as it is shown.
    var shapeText: String { shape.shapeText }
}
