import LuaRuntime
import Tensors
import TrainingAPI

extension TensorFunction {
    /// Elementwise functions and comparisons.
    static let elementwise: [TensorFunction] = [
        .unary("exp", "The exponential of each element.") { $0.exp() },
        .unary("log", "The natural logarithm of each element.") { $0.log() },
        .unary("sqrt", "The square root of each element.") { $0.sqrt() },
        .unary("abs", "The absolute value of each element.") { $0.abs() },
        .unary("tanh", "The hyperbolic tangent of each element.") { $0.tanh() },
        .unary("sigmoid", "1 / (1 + exp(-x)) of each element, without overflow.") { $0.sigmoid() },
        .unary("logsigmoid", "log(sigmoid(x)) of each element, exact also where sigmoid(x) rounds to 0.") {
            $0.logsigmoid()
        },
        TensorFunction(
            "clamp",
            "Each element, but at least min and at most max; either may be nil. Elements outside get no gradient.",
            [
                ParameterDoc("min", "number", default: "nil", "the lower bound"),
                ParameterDoc("max", "number", default: "nil", "the upper bound"),
            ], example: "rlhf.tensor{-2.0, 0.5, 2.0}:clamp(-1, 1)"
        ) { context in
            let options = try context.options(["min", "max"])
            let (low, high) = (try options.number("min", in: context), try options.number("max", in: context))
            return .value(.tensor(try context.tensor(0).clamp(min: low, max: high)))
        },
        .binary("maximum", "The larger one of each two elements.") { try $0.maximum($1) },
        .binary("minimum", "The smaller one of each two elements.") { try $0.minimum($1) },
        .binary("pow", "Each element to the power of y, the same as x ^ y.") { try $0.pow($1) },
        .binary("eq", "1 where the elements are equal and 0 elsewhere. (x == y is true if all are.)") {
            try $0.compared(.eq, $1)
        },
        .binary("ne", "1 where the elements differ and 0 elsewhere.") { try $0.compared(.ne, $1) },
        .binary("lt", "1 where x is less than y and 0 elsewhere.") { try $0.compared(.lt, $1) },
        .binary("le", "1 where x is at most y and 0 elsewhere.") { try $0.compared(.le, $1) },
        .binary("gt", "1 where x is greater than y and 0 elsewhere.") { try $0.compared(.gt, $1) },
        .binary("ge", "1 where x is at least y and 0 elsewhere.") { try $0.compared(.ge, $1) },
        TensorFunction(
            "where", "Elements of a where x (a condition) is not 0, of b elsewhere; all three are broadcast.",
            [
                ParameterDoc("a", "Tensor", "taken where the condition holds"),
                ParameterDoc("b", "Tensor", "taken elsewhere"),
            ], example: "local x = rlhf.tensor{-1.0, 2.0}\nx:gt(0):where(x, 0.1 * x)"
        ) { context in
            let (condition, a, b) = (try context.tensor(0), try context.tensor(1), try context.tensor(2))
            return .value(.tensor(try Tensor.select(where: condition, a, b)))
        },
    ]

    /// Sums and what is made of them.
    static let reductions: [TensorFunction] = [
        .reduction("sum", "The sum of all elements, or along an axis.") { try $0.sum(axis: $1, keepdims: $2) },
        .reduction("mean", "The mean of all elements, or along an axis.") { try $0.mean(axis: $1, keepdims: $2) },
        .reduction("max", "The largest element, or the largest along an axis.") { try $0.max(axis: $1, keepdims: $2) },
        .reduction("min", "The smallest element, or the smallest along an axis.") {
            try $0.min(axis: $1, keepdims: $2)
        },
        .reduction("logsumexp", "log(sum(exp(x))) of all elements, or along an axis, without overflow.") {
            try $0.logsumexp(axis: $1, keepdims: $2)
        },
        TensorFunction(
            "std",
            "The standard deviation of all elements, or along an axis; squares are divided by n - correction (1 unless given).",
            [
                .axis(default: "nil"), .keepdims,
                ParameterDoc("correction", "integer", default: "1", "0 is the spread of the elements themselves"),
            ], example: "rlhf.tensor{1.0, 2.0, 3.0}:std()"
        ) { context in
            let tensor = try context.tensor(0)
            let options = try context.options(["axis", "keepdims", "correction"])
            let axis = try context.axis(options["axis"] ?? .none, rank: tensor.rank)
            let keepdims = try options.flag("keepdims", in: context)
            let correction = try options.integer("correction", in: context) ?? 1
            return .value(.tensor(try tensor.std(axis: axis, keepdims: keepdims, correction: correction)))
        },
        .alongAxis("softmax", "exp(x) / sum(exp(x)) along an axis, the last unless given.") {
            try $0.softmax(axis: $1)
        },
        .alongAxis(
            "log_softmax", "log(softmax(x)) along an axis, the last unless given, exact for small probabilities."
        ) {
            try $0.logSoftmax(axis: $1)
        },
        TensorFunction(
            "dot", "The sum of products of two vectors of one length.",
            [ParameterDoc("y", "Tensor", "the other vector")],
            example: "rlhf.tensor{1.0, 2.0}:dot{3.0, 4.0}"
        ) { context in
            .value(.tensor(try context.tensor(0).dot(context.tensor(1))))
        },
        TensorFunction(
            "matmul",
            "The matrix product of [n, k] and [k, m]; a vector is a row on the left and a column on the right.",
            [ParameterDoc("y", "Tensor", "the right side")],
            example: "rlhf.tensor{{1.0, 2.0}, {3.0, 4.0}}:matmul{1.0, -1.0}"
        ) { context in
            let (x, y) = (try context.tensor(0), try context.tensor(1))
            let products = x.count * (y.rank == 2 ? y.shape[1] : 1)
            guard products > 1 << 24 else { return .value(.tensor(try x.matmul(y))) }
            // Large ones take long enough for somebody to press Ctrl-C, which is heard while a future is awaited.
            return .future(Future { [.tensor(try x.matmul(y))] })
        },
    ]
}
