import Tensors
import Testing

/// One differentiable function of some float64 inputs, by name.
struct GradientCase: CustomTestStringConvertible, Sendable {
    let name: String
    let inputs: [Tensor]
    let function: @Sendable ([Tensor]) throws -> Tensor

    init(_ name: String, _ inputs: [Tensor], _ function: @escaping @Sendable ([Tensor]) throws -> Tensor) {
        self.name = name
        self.inputs = inputs
        self.function = function
    }

    var testDescription: String { name }
}

private func matrix(_ rows: Int, _ columns: Int, _ values: [Double]) -> Tensor {
    Tensor(float64: values, shape: [rows, columns])
}

private let a = matrix(2, 3, [0.5, -1.2, 2.0, 0.3, 1.7, -0.4])
private let b = matrix(2, 3, [1.5, 0.7, -0.6, 2.2, -1.1, 0.9])
private let row = Tensor(float64: [0.8, -0.5, 1.3])
private let column = matrix(2, 1, [1.4, -0.9])
private let one = Tensor.scalar(0.7, dtype: .float64)
private let positive = matrix(2, 3, [0.5, 1.2, 2.0, 0.3, 1.7, 0.4])
private let mask = Tensor([1, 0, 0, 1, 1, 0], shape: [2, 3])
private let cube = Tensor(float64: (0..<12).map { Double($0 * 7 % 12) / 5 - 1 }, shape: [2, 3, 2])

private let elementwise: [GradientCase] = [
    .init("add", [a, b]) { try $0[0] + $0[1] },
    .init("add a row", [a, row]) { try $0[0] + $0[1] },
    .init("add a column to a row", [column, row]) { try $0[0] + $0[1] },
    .init("subtract a scalar from a matrix", [a, one]) { try $0[0] - $0[1] },
    .init("multiply", [a, b]) { try $0[0] * $0[1] },
    .init("multiply by a column", [a, column]) { try $0[0] * $0[1] },
    .init("multiply a row by a cube", [Tensor(float64: [2, -1]), cube]) { try $0[0] * $0[1] },
    .init("divide", [a, b]) { try $0[0] / $0[1] },
    .init("divide a scalar by a row", [one, row]) { try $0[0] / $0[1] },
    .init("power", [positive, b]) { try $0[0].pow($0[1]) },
    .init("square of a negative number", [a]) { try $0[0].pow(2) },
    .init("arithmetic with numbers", [b]) { try (2 * $0[0] - 1) / 3 + 1 / (1 - $0[0] * 0.5) },
    .init("maximum", [a, b]) { try $0[0].maximum($0[1]) },
    .init("minimum with a row", [a, row]) { try $0[0].minimum($0[1]) },
    .init("negate", [a]) { -$0[0] },
    .init("exp", [a]) { $0[0].exp() },
    .init("log", [positive]) { $0[0].log() },
    .init("sqrt", [positive]) { $0[0].sqrt() },
    .init("abs", [a]) { $0[0].abs() },
    .init("tanh", [a]) { $0[0].tanh() },
    .init("clamp", [a]) { $0[0].clamp(min: -0.5, max: 1) },
    .init("sigmoid", [a]) { $0[0].sigmoid() },
    .init("logsigmoid", [a]) { $0[0].logsigmoid() },
    .init("where", [a, row]) { try .select(where: mask, $0[0], $0[1]) },
    .init("where with a broadcast condition", [a, b]) { try .select(where: Tensor([1, 0, 1]), $0[0], $0[1]) },
    .init("a value used twice", [a]) { try $0[0] * $0[0].exp() + $0[0] },
]

private let structural: [GradientCase] = [
    .init("sum", [a]) { try $0[0].sum() },
    .init("sum of rows", [a]) { try $0[0].sum(axis: 0) },
    .init("sum along the middle axis", [cube]) { try $0[0].sum(axis: 1) },
    .init("sum with kept axis", [a]) { try $0[0] - $0[0].sum(axis: 1, keepdims: true) * 0.3 },
    .init("mean", [a]) { try $0[0].mean() },
    .init("mean along the last axis", [cube]) { try $0[0].mean(axis: -1) },
    .init("std", [a]) { try $0[0].std() },
    .init("std along an axis", [a]) { try $0[0].std(axis: 1, correction: 0) },
    .init("std along the middle axis, kept", [cube]) { try $0[0].std(axis: 1, keepdims: true) },
    .init("max", [a]) { try $0[0].max() },
    .init("max along an axis", [cube]) { try $0[0].max(axis: 1) },
    .init("min along an axis", [a]) { try $0[0].min(axis: 0, keepdims: true) },
    .init("logsumexp", [a]) { try $0[0].logsumexp() },
    .init("logsumexp along an axis", [cube]) { try $0[0].logsumexp(axis: 1) },
    .init("softmax", [a]) { try $0[0].softmax() },
    .init("softmax along the middle axis", [cube]) { try $0[0].softmax(axis: 1) },
    .init("softmax of a scalar", [one]) { try $0[0].softmax() },
    .init("log softmax", [a]) { try $0[0].logSoftmax() },
    .init("dot", [row, Tensor(float64: [0.1, 2, -3])]) { try $0[0].dot($0[1]) },
    .init("matrix times matrix", [a, Tensor(float64: [1, -2, 0.5, 3, 0.2, 0.7], shape: [3, 2])]) {
        try $0[0].matmul($0[1])
    },
    .init("matrix times vector", [a, row]) { try $0[0].matmul($0[1]) },
    .init("vector times matrix", [Tensor(float64: [0.4, -2]), a]) { try $0[0].matmul($0[1]) },
    .init("cat", [a, row]) { try .cat([$0[0], $0[1].reshaped([1, 3]), $0[0]]) },
    .init("cat along columns", [a, column]) { try .cat([$0[0], $0[1]], axis: 1) },
    .init("stack", [row, Tensor(float64: [1, 2, 3])]) { try .stack([$0[0], $0[1], $0[0]], axis: 1) },
    .init("slice", [a]) { try $0[0].slice(1..<3, axis: 1) },
    .init("index", [cube]) { try $0[0][1][2] },
    .init("select with repeats", [a]) { try $0[0].selected([2, 0, 2], axis: 1) },
    .init("transpose", [a]) { try $0[0].transposed() },
    .init("reshape", [a]) { try $0[0].reshaped([3, -1]) },
    .init("broadcast", [column]) { try $0[0].broadcast(to: [3, 2, 4]) },
]

/// The derivatives of Σ w·f(x) with weights that differ from place to place, so that no two derivatives are mixed up.
@Test("Every operation's gradient agrees with finite differences", arguments: elementwise + structural)
func gradientAgreesWithFiniteDifferences(of test: GradientCase) throws {
    func loss(_ inputs: [Tensor]) throws -> Tensor {
        let output = try test.function(inputs)
        let weights = (0..<output.count).map { 0.3 + Double($0 * 5 % 7) }
        return try (output * Tensor(float64: weights, shape: output.shape)).sum()
    }
    let variables = try test.inputs.map { try $0.requiringGradient() }
    let found = try gradients(of: loss(variables), by: variables)
    let step = 1e-6
    for (which, input) in test.inputs.enumerated() {
        #expect(found[which].shape == input.shape)
        #expect(found[which].dtype == .float64)
        for place in 0..<input.count {
            func shifted(by delta: Double) throws -> Double {
                var values = input.doubles
                values[place] += delta
                var inputs = test.inputs
                inputs[which] = Tensor(float64: values, shape: input.shape)
                return try loss(inputs).item()
            }
            let expected = try (shifted(by: step) - shifted(by: -step)) / (2 * step)
            #expect(abs(found[which].doubles[place] - expected) < 1e-7 * (1 + abs(expected)) * 10)
        }
    }
}

@Suite("Reverse-mode differentiation")
struct ReverseModeTests {
    @Test("A Bradley-Terry loss has the derivative worked out by hand")
    func bradleyTerry() throws {
        // -log sigmoid(2.5) = 0.078890 (cookbook specification, section 10.3); its derivative is -sigmoid(-2.5) = -0.0758582.
        let chosen = try Tensor(float64: [-10]).requiringGradient()
        let rejected = try Tensor(float64: [-12.5]).requiringGradient()
        let loss = try -(chosen - rejected).logsigmoid().sum()
        #expect(abs(try loss.item() - 0.078890) < 1e-6)
        let found = try gradients(of: loss, by: [chosen, rejected])
        #expect(abs(try found[0].item() + 0.0758582) < 1e-7)
        #expect(abs(try found[1].item() - 0.0758582) < 1e-7)
    }

    @Test("Gradients take the type of the input through conversions")
    func mixedTypes() throws {
        let single = try Tensor([1, 2] as [Float]).requiringGradient()
        let loss = try (single * Tensor(float64: [0.5, 0.25]) * Tensor([2, 4])).sum()
        #expect(loss.dtype == .float64)
        let found = try gradients(of: loss, by: [single])
        #expect(found[0].storage == .float32([1, 1]))
    }

    @Test("A detached value and a comparison pass no gradient, and an unused input gets zeros")
    func constants() throws {
        let x = try Tensor(float64: [1, 2, 3]).requiringGradient()
        let unused = try Tensor([4, 5] as [Float]).requiringGradient()
        let loss = try (x * x.detached() * x.compared(.gt, .scalar(1))).sum()
        let found = try gradients(of: loss, by: [x, unused])
        #expect(found[0].storage == .float64([0, 2, 3]))
        #expect(found[1].storage == .float32([0, 0]))
        #expect(!x.detached().requiresGradient)
        #expect(!found[0].requiresGradient)
    }

    @Test("Gradients by values in the middle of a computation and by the loss itself")
    func intermediateValues() throws {
        let x = try Tensor(float64: [3]).requiringGradient()
        let y = try x * x
        let loss = try (y * 2).sum()
        let found = try gradients(of: loss, by: [y, x, loss, x])
        #expect(found.map(\.doubles) == [[2], [12], [1], [12]])
    }

    @Test("Equal values share the gradient of max and of maximum")
    func ties() throws {
        let x = try Tensor(float64: [2, 1, 2]).requiringGradient()
        #expect(try gradients(of: x.max(), by: [x])[0].doubles == [0.5, 0, 0.5])
        #expect(try gradients(of: x.maximum(.scalar(2)).sum(), by: [x])[0].doubles == [0.5, 0, 0.5])
    }

    @Test("Std of equal values has gradient 0 and not NaN")
    func stdWithoutSpread() throws {
        let x = try Tensor([1, 1, 1] as [Float]).requiringGradient()
        #expect(try gradients(of: x.std(), by: [x])[0].floats == [0, 0, 0])
    }

    @Test("A chain of 100,000 operations is differentiated and freed without running out of stack")
    func deepGraph() throws {
        let x = try Tensor(float64: [1]).requiringGradient()
        var sum = x
        for _ in 0..<100_000 { sum = try sum + x }
        #expect(try gradients(of: sum, by: [x])[0].doubles == [100_001])
    }

    @Test("Integers, constants and losses of many elements are refused")
    func refusals() throws {
        #expect(throws: TensorError.integerGradient) { try Tensor([1]).requiringGradient() }
        let x = try Tensor(float64: [1, 2]).requiringGradient()
        #expect(throws: TensorError.notScalar(op: "gradients", shape: [2])) { try gradients(of: x, by: [x]) }
        #expect(throws: TensorError.gradientNotRequired(input: 1)) {
            try gradients(of: x.sum(), by: [x, Tensor(float64: [1])])
        }
    }

    @Test("A graph is differentiated on another thread")
    func otherThread() async throws {
        let x = try Tensor(float64: [2]).requiringGradient()
        let y = try x * x
        let found = try await Task { try gradients(of: y, by: [x]) }.value
        #expect(found[0].doubles == [4])
    }
}
