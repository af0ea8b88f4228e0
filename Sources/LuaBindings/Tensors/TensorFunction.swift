import LuaRuntime
import Tensors

/// An operation on a tensor, known twice: as a method, `x:sum(1)`, and as a function, `rlhf.tensor.sum(x, 1)`.
struct TensorFunction: Sendable {
    let name: String
    /// One sentence or more.
    let documentation: String
    /// What follows the tensor.
    let parameters: [ParameterDoc]
    let returns: String
    /// Lua that runs as it stands.
    let example: String
    let body: @Sendable (CallContext) throws -> HostResult

    init(
        _ name: String, _ documentation: String, _ parameters: [ParameterDoc] = [], returns: String = "Tensor",
        example: String, body: @escaping @Sendable (CallContext) throws -> HostResult
    ) {
        self.name = name
        self.documentation = documentation
        self.parameters = parameters
        self.returns = returns
        self.example = example
        self.body = body
    }

    /// As a member of the type `Tensor`.
    var member: FunctionBinding {
        FunctionBinding(
            name, doc: documentation, parameters: parameters, returns: returns, example: example, body: body)
    }

    /// As a function of `rlhf.tensor` that gets the tensor first.
    var function: FunctionBinding {
        FunctionBinding(
            "rlhf.tensor.\(name)", doc: documentation,
            parameters: [ParameterDoc("x", "Tensor", "a tensor, or numbers for one")] + parameters, returns: returns,
            example: example, body: body)
    }

    /// As a function of `rlhf.tensor` that makes a tensor of something else.
    var maker: FunctionBinding {
        var binding = member
        binding.path = "rlhf.tensor.\(name)"
        return binding
    }

    /// A function of one tensor and nothing else.
    static func unary(
        _ name: String, _ documentation: String, example: String? = nil,
        _ function: @escaping @Sendable (Tensor) throws -> Tensor
    ) -> TensorFunction {
        TensorFunction(name, documentation, example: example ?? "rlhf.tensor{0.5, 1.5}:\(name)()") { context in
            _ = try context.options([])
            return .value(.tensor(try function(context.tensor(0))))
        }
    }

    /// An elementwise function of two tensors that are broadcast.
    static func binary(
        _ name: String, _ documentation: String, example: String? = nil,
        _ function: @escaping @Sendable (Tensor, Tensor) throws -> Tensor
    ) -> TensorFunction {
        TensorFunction(
            name, documentation, [ParameterDoc("y", "Tensor", "the other tensor, or a number")],
            example: example ?? "rlhf.tensor{1.0, 2.0, 3.0}:\(name)(2)"
        ) { context in
            let (x, y) = try context.operands()
            return .value(.tensor(try function(x, y)))
        }
    }

    /// A reduction of all elements, or along an axis.
    static func reduction(
        _ name: String, _ documentation: String, _ function: @escaping @Sendable (Tensor, Int?, Bool) throws -> Tensor
    ) -> TensorFunction {
        TensorFunction(
            name, documentation, [.axis(default: "nil"), .keepdims],
            example: "rlhf.tensor{{1.0, 2.0}, {3.0, 4.0}}:\(name)(1)"
        ) { context in
            let tensor = try context.tensor(0)
            let options = try context.options(["axis", "keepdims"])
            let axis = try context.axis(options["axis"] ?? .none, rank: tensor.rank)
            return .value(.tensor(try function(tensor, axis, options.flag("keepdims", in: context))))
        }
    }

    /// A function along one axis, the last one unless said otherwise.
    static func alongAxis(
        _ name: String, _ documentation: String, _ function: @escaping @Sendable (Tensor, Int) throws -> Tensor
    ) -> TensorFunction {
        TensorFunction(
            name, documentation, [.axis(default: "-1")], example: "rlhf.tensor{{1.0, 2.0}, {3.0, 4.0}}:\(name)()"
        ) { context in
            let tensor = try context.tensor(0)
            let options = try context.options(["axis"])
            let axis = try context.axis(options["axis"] ?? .none, rank: tensor.rank)
            return .value(.tensor(try function(tensor, axis ?? -1)))
        }
    }
}

extension ParameterDoc {
    static func axis(default value: String) -> ParameterDoc {
        ParameterDoc(
            "axis", "integer", default: value,
            "which dimension: 1 is the first, -1 the last" + (value == "nil" ? "; all elements if nil" : ""))
    }

    static let keepdims = ParameterDoc(
        "keepdims", "boolean", default: "false", "keep the axis with an extent of 1, so that the result broadcasts")

    static let dtype = ParameterDoc(
        "dtype", "string", default: "'float32'", "'float32', 'float64' or 'int64', in a table at the end")

    static let extents = ParameterDoc("...", "integer", "the extents, one by one or in an array")
}
