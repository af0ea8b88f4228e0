import LuaBindings
import LuaRuntime
import Tensors
import Testing

private func tensorRegistry() -> Registry {
    var registry = Registry()
    registry.addTensors()
    return registry
}

/// The display of a cell's values, or its error.
private func evaluate(_ source: String) throws -> (shown: String, error: LuaError?) {
    let state = try LuaState { _ in }
    try tensorRegistry().install(into: state)
    let outcome = state.evaluate(source, cellName: "cell[1]")
    return (outcome.values.map { state.describe($0, width: 1000) }.joined(separator: " "), outcome.error)
}

@Suite("Tensors in Lua")
struct TensorBindingTests {
    @Test("Everything is documented")
    func documentation() {
        #expect(tensorRegistry().documentationGaps == [])
    }

    @Test("Every example runs as it stands")
    func examples() throws {
        let registry = tensorRegistry()
        for binding in registry.functions + registry.types.flatMap({ $0.methods + $0.properties + $0.operators }) {
            let result = try evaluate(binding.example)
            #expect(result.error == nil, "\(binding.path): \(binding.example)")
            #expect(!result.shown.isEmpty, "\(binding.path): \(binding.example)")
        }
    }

    @Test(
        "Expressions have the values worked out by hand",
        arguments: [
            // Making and taking apart
            (
                "rlhf.tensor{1, 2, 3}.dtype, rlhf.tensor{1, 2.5}.dtype, rlhf.tensor{}.dtype",
                #""int64" "float32" "float32""#
            ),
            ("rlhf.tensor{{1, 2, 3}, {4, 5, 6}}.shape", "{2, 3}"),
            ("rlhf.tensor{1, 2, dtype = 'float64'}.dtype, rlhf.tensor({1.5}, 'int64'):tolist()", #""float64" {1}"#),
            ("rlhf.tensor(7):tolist(), rlhf.tensor{true, false}:tolist()", "7 {1, 0}"),
            ("rlhf.tensor{{1, 2}, {3, 4}}:tolist()", "{{1, 2}, {3, 4}}"),
            (
                "rlhf.tensor.zeros(2, 2):tolist(), rlhf.tensor.ones({3}):tolist()",
                "{{0.0, 0.0}, {0.0, 0.0}} {1.0, 1.0, 1.0}"
            ),
            ("rlhf.tensor.zeros(2, {dtype = 'int64'}):tolist(), rlhf.tensor.zeros().shape", "{0, 0} {}"),
            ("rlhf.tensor.full(2, 0.5):tolist(), rlhf.tensor.full({1, 2}, 1).shape", "{0.5, 0.5} {1, 2}"),
            ("rlhf.tensor.arange(3):tolist(), rlhf.tensor.arange(1, 0, -0.5):tolist()", "{0, 1, 2} {1.0, 0.5}"),
            (
                "rlhf.tensor.randn(3, {seed = 1}) == rlhf.tensor.randn(3, {seed = 1}), rlhf.tensor.randn(2, 3).shape",
                "true {2, 3}"
            ),
            // Indices from 1
            ("local x = rlhf.tensor{10, 20, 30}\nx[1], x[3], x[-1], x[4], x[0], #x", "10 30 30 nil nil 3"),
            ("rlhf.tensor{{1, 2}, {3, 4}}[2]:tolist(), rlhf.tensor{{1, 2}, {3, 4}}[2][1]", "{3, 4} 3"),
            ("local s = 0\nfor i, v in ipairs(rlhf.tensor{1.5, 2.5}) do s = s + i * v end\ns", "6.5"),
            ("rlhf.tensor{1, 2, 3, 4}:slice(2, 3):tolist(), rlhf.tensor{1, 2, 3}:slice(-2):tolist()", "{2, 3} {2, 3}"),
            (
                "rlhf.tensor{{1, 2, 3}, {4, 5, 6}}:slice(1, 2, 2):tolist(), rlhf.tensor{1}:slice(2, 1):tolist()",
                "{{1, 2}, {4, 5}} {}"
            ),
            ("rlhf.tensor{10, 20, 30}:select{3, 3, 1}:tolist()", "{30, 30, 10}"),
            ("rlhf.tensor{1, 2, 3, 4}:reshape(2, -1):transpose():tolist()", "{{1, 3}, {2, 4}}"),
            // Arithmetic with numbers, arrays and tensors on both sides
            (
                "local x = rlhf.tensor{1, 2};\n(x + 1):tolist(), (10 - x):tolist(), (x * {3, 4}):tolist(), ({6, 6} / x):tolist()",
                "{2, 3} {9, 8} {3, 8} {6.0, 3.0}"
            ),
            ("(rlhf.tensor{1, 2} ^ 2):tolist(), (-rlhf.tensor{1, 2}):tolist()", "{1.0, 4.0} {-1, -2}"),
            ("(rlhf.tensor{{1, 2}, {3, 4}} + rlhf.tensor{10, 20}):tolist()", "{{11, 22}, {13, 24}}"),
            ("(rlhf.tensor{1, 2} * 0.5).dtype, (rlhf.tensor{1.0, dtype = 'float64'} * 0.1)[1]", #""float32" 0.1"#),
            (
                "rlhf.tensor{1, 2} == rlhf.tensor{1.0, 2.0}, rlhf.tensor{1} == rlhf.tensor{2}, rlhf.tensor{1} ~= rlhf.tensor{1, 1}",
                "true false true"
            ),
            ("rlhf.tensor{1.5}:sum() < 2, 2 <= rlhf.tensor{1}, rlhf.tensor{3} > rlhf.tensor{2}", "true false true"),
            ("'loss ' .. rlhf.tensor{0.5, 1}:sum() .. '!'", #""loss 1.5!""#),
            // Functions, both ways
            (
                "rlhf.tensor{-1, 3}:clamp(0, 2):tolist(), rlhf.tensor.clamp({-1, 3}, {max = 0}):tolist()",
                "{0, 2} {-1, 0}"
            ),
            (
                "local x = rlhf.tensor{{1, 2}, {3, 5}}\nx:sum():item(), x:sum(1):tolist(), x:sum(-1):tolist(), x:mean{axis = 2, keepdims = true}:tolist()",
                "11 {4, 7} {3, 8} {{1.5}, {4.0}}"
            ),
            (
                "local x = rlhf.tensor{1.0, 2.0, 3.0}\nx:std():item(), x:max():item(), x:min():item(), rlhf.tensor.std(x, {correction = 0}) < 0.82",
                "1.0 3.0 1.0 true"
            ),
            (
                "rlhf.tensor{0.0, 0.0}:softmax():tolist(), rlhf.tensor{1000.0, 0.0}:log_softmax():tolist()",
                "{0.5, 0.5} {0.0, -1000.0}"
            ),
            (
                "rlhf.tensor{-1000.0}:logsigmoid():tolist(), rlhf.tensor{1000.0, 0.0}:logsumexp():item()",
                "{-1000.0} 1000.0"
            ),
            (
                "rlhf.tensor.exp(0):item(), rlhf.tensor.sqrt{4, 9}:tolist(), rlhf.tensor{-2}:abs():tolist()",
                "1.0 {2.0, 3.0} {2}"
            ),
            ("rlhf.tensor{1, 5}:maximum{3, 3}:tolist(), rlhf.tensor{1, 5}:minimum(3):tolist()", "{3, 5} {1, 3}"),
            ("rlhf.tensor{1, 5}:gt(2):tolist(), rlhf.tensor{1, 5}:gt(2):where({7, 7}, 0):tolist()", "{0, 1} {0, 7}"),
            ("rlhf.tensor{1, 2}:dot{3, 4}:item(), rlhf.tensor{{1, 2}, {3, 4}}:matmul{1, 1}:tolist()", "11 {3.0, 7.0}"),
            (
                "rlhf.tensor.cat({{{1}}, {{2}}}, 2):tolist(), rlhf.tensor.stack{rlhf.tensor{1, 2}, {3, 4}}:tolist()",
                "{{1, 2}} {{1, 2}, {3, 4}}"
            ),
        ])
    func values(source: String, expected: String) throws {
        let result = try evaluate(source)
        #expect(result.error == nil)
        #expect(result.shown == expected)
    }

    @Test("A loss written as plain arithmetic is differentiated")
    func gradients() throws {
        let result = try evaluate(
            """
            local chosen, rejected = rlhf.tensor{-4.0, -6.0}:requires_grad(), rlhf.tensor{-12.5}:requires_grad()
            local loss = -(chosen:sum() - rejected:sum()):logsigmoid()
            local by = rlhf.tensor.gradients(loss, {chosen, rejected})
            string.format("%.6f", loss:item()), string.format("%.4f %.4f", by[1][2], by[2][1]), by[1].shape
            """)
        // Cookbook specification, section 10.3: loss 0.078890; its derivative by the margin is -sigmoid(-2.5) = -0.0759.
        #expect(result.error == nil)
        #expect(result.shown == #""0.078890" "-0.0759 0.0759" {2}"#)
    }

    @Test("An element of a variable is a tensor, so that a loop over tokens keeps the gradient")
    func gradientsThroughIndices() throws {
        let result = try evaluate(
            """
            local x = rlhf.tensor{1.0, 2.0, 3.0}:requires_grad()
            local loss = 0
            for i = 1, #x do loss = loss + i * x[i] * x[i]:detach() end
            rlhf.tensor.gradients(loss, x)[1]:tolist()
            """)
        #expect(result.shown == "{1.0, 4.0, 9.0}")
    }

    @Test(
        "Mistakes are explained",
        arguments: [
            ("rlhf.tensor{1, 2} + rlhf.tensor{1, 2, 3}", "add: shapes [2] and [3] do not fit together"),
            ("rlhf.tensor{{1, 2}}:matmul{1, 2, 3}", "matmul: shapes [1×2] and [3] do not fit together"),
            ("rlhf.tensor{{1, 2}, {3}}", "rlhf.tensor[2]: found 1 items where the arrays before have 2"),
            ("rlhf.tensor{{1, 2}, 3}", "rlhf.tensor[2]: found a number among arrays"),
            ("rlhf.tensor{1, {2}}", "rlhf.tensor[2]: found an array among numbers"),
            ("rlhf.tensor{1, 'a'}", #"rlhf.tensor[2]: expected a number, got "a""#),
            ("rlhf.tensor{1, x = 2}", "rlhf.tensor: expected an array of numbers, found the key 'x'"),
            ("rlhf.tensor()", "rlhf.tensor: argument 1 expected table of numbers, got nil"),
            ("rlhf.tensor{1, dtype = 'float31'}", "rlhf.tensor: unknown dtype 'float31'"),
            ("rlhf.tensor{1}:sum(2)", "Tensor:sum: there is no axis 2 in a tensor of 1 dimension"),
            ("rlhf.tensor{1}:sum(0)", "Tensor:sum: there is no axis 0 in a tensor of 1 dimension"),
            ("rlhf.tensor{1}:sum{axes = 1}", "Tensor:sum: unknown option 'axes'"),
            ("rlhf.tensor{1}:exp(2)", "Tensor:exp: too many arguments"),
            ("rlhf.tensor{1, 2}:slice(1, 3)", "Tensor:slice: 1 to 3 is out of bounds for an axis of 2 (shape [2])"),
            ("rlhf.tensor{1, 2}:select{3}", "Tensor:select: there is no index 3 on an axis of 2"),
            ("rlhf.tensor{1, 2}:reshape(3)", "reshape: shape [2] has 2 elements and does not fit [3]"),
            ("rlhf.tensor{1, 2} < 3", "x < y: shapes [2] and [] cannot be compared to one truth value"),
            ("rlhf.tensor{1, 2}:summ()", "Tensor has no field 'summ'"),
            ("rlhf.tensor{1, 2} + print", "__add: a tensor cannot be combined with function"),
            ("rlhf.tensor{1, 2}:item()", "item: expected one element, got shape [2]"),
            ("rlhf.tensor{1, 2}:requires_grad()", "an int64 tensor has no gradient; convert it to float32 first"),
            ("rlhf.tensor.gradients(rlhf.tensor{1.0}, {rlhf.tensor{1.0}})", "input 1 does not carry gradients"),
            ("rlhf.tensor.zeros(-1)", "zeros: shape [-1] has a negative extent"),
            ("rlhf.tensor.zeros(1 << 40)", "zeros: shape [1099511627776] has more than 2147483648 elements"),
            ("#rlhf.tensor(1)", "#x: a scalar has no length"),
            ("local x = rlhf.tensor{1}\nx[1] = 2", "Tensor is read-only: '1' cannot be set"),
        ])
    func errors(source: String, message: String) throws {
        let error = try evaluate(source).error
        #expect(error?.message == message)
        #expect(error?.kind == "usage")
    }

    @Test("A tensor prints its summary")
    func printing() throws {
        let state = try LuaState { _ in }
        try tensorRegistry().install(into: state)
        let outcome = state.evaluate("rlhf.tensor{1.5, -2}", cellName: "cell[1]")
        let value = try #require(outcome.values.first)
        #expect(state.describe(value) == "  1.5000  -2.0000\nf32 [2] 8 B  min -2  mean -0.25  max 1.5  nan 0")
    }

    @Test("The collector knows how large tensors are")
    func memory() throws {
        // 300 tensors of 4 MB each: without that knowledge Lua would see a few bytes and collect none of them.
        let result = try evaluate(
            """
            local made = setmetatable({}, {__mode = 'v'})
            for i = 1, 300 do made[i] = rlhf.tensor.zeros(1000, 1000) end
            local alive = 0
            for _ in pairs(made) do alive = alive + 1 end
            alive < 100
            """)
        #expect(result.error == nil)
        #expect(result.shown == "true")
        #expect(TensorObject(try Tensor.zeros([10, 10])).externalBytes == 400)
    }

    @Test("Tensors cross the border in both directions without being copied")
    func conversion() throws {
        let tensor = Tensor([1, 2, 3, 4], shape: [2, 2])
        let same = try Tensor(LuaValue.tensor(tensor), what: "x")
        #expect(same.storage == tensor.storage && same.shape == tensor.shape)
        let nested = try Tensor(tensor.luaValue, what: "x")
        #expect(nested.storage == tensor.storage && nested.shape == tensor.shape)
    }
}
