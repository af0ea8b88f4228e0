import Tensors
import Testing

private let m = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])

@Suite("Tensor operations")
struct OperationTests {
    @Test("Types are promoted: float64 before float32 before int64")
    func promotion() throws {
        let ints = Tensor([1, 2])
        let floats = Tensor([0.5, 1.5] as [Float])
        let doubles = Tensor(float64: [1, 1])
        #expect(try (ints + ints).storage == .int64([2, 4]))
        #expect(try (ints + floats).storage == .float32([1.5, 3.5]))
        #expect(try (floats + doubles).dtype == .float64)
        #expect(try (ints * doubles).dtype == .float64)
        #expect(try (ints / Tensor([2, 4])).storage == .float32([0.5, 0.5]))
        #expect(try ints.pow(Tensor([3, 3])).storage == .float32([1, 8]))
        #expect(try (doubles * 0.1).storage == .float64([0.1, 0.1]))
        #expect(try (ints * 0.5).storage == .float32([0.5, 1]))
        #expect(ints.exp().dtype == .float32)
        #expect((-ints).storage == .int64([-1, -2]))
    }

    @Test("Integer arithmetic is exact beyond the precision of float64 and wraps around")
    func integers() throws {
        let large = Tensor([(1 << 53) + 1])
        #expect(try (large + .scalar(0)).ints == [(1 << 53) + 1])
        #expect(try large.max().ints == [(1 << 53) + 1])
        #expect(try (Tensor([Int.max]) + .scalar(1)).ints == [Int.min])
        #expect((-Tensor([Int.min])).ints == [Int.min])
    }

    @Test("Broadcasting matches axes from the last one")
    func broadcasting() throws {
        #expect(try (m + Tensor([10, 20, 30])).ints == [11, 22, 33, 14, 25, 36])
        #expect(try (m * Tensor([1, 10], shape: [2, 1])).ints == [1, 2, 3, 40, 50, 60])
        let outer = try Tensor([1, 2], shape: [2, 1]) * Tensor([3, 4, 5])
        #expect(outer.shape == [2, 3])
        #expect(outer.ints == [3, 4, 5, 6, 8, 10])
        #expect(try (Tensor.scalar(1) + .scalar(2)).shape == [])
        #expect(try (Tensor([Int](), shape: [0, 3]) + Tensor([1, 2, 3])).shape == [0, 3])
    }

    @Test("Shapes that do not fit are named in the error, both of them")
    func mismatch() throws {
        let error = #expect(throws: TensorError.self) { try m + Tensor([1, 2]) }
        #expect(error == .shapeMismatch(op: "add", lhs: [2, 3], rhs: [2]))
        #expect(error?.description == "add: shapes [2×3] and [2] do not fit together")
        #expect(throws: TensorError.shapeMismatch(op: "matmul", lhs: [2, 3], rhs: [2, 3])) { try m.matmul(m) }
        #expect(throws: TensorError.shapeMismatch(op: "dot", lhs: [2], rhs: [3])) {
            try Tensor([1, 2]).dot(Tensor([1, 2, 3]))
        }
        #expect(throws: TensorError.shapeMismatch(op: "cat", lhs: [2, 3], rhs: [2])) {
            try Tensor.cat([m, Tensor([1, 2])])
        }
        #expect(throws: TensorError.shapeMismatch(op: "stack", lhs: [1], rhs: [2])) {
            try Tensor.stack([Tensor([1]), Tensor([1, 2])])
        }
        #expect(throws: TensorError.shapeMismatch(op: "where", lhs: [2], rhs: [2, 3])) {
            try Tensor.select(where: Tensor([1, 0]), m, m)
        }
        #expect(throws: TensorError.elementCountMismatch(op: "reshape", from: [2, 3], to: [4, -1])) {
            try m.reshaped([4, -1])
        }
        #expect(throws: TensorError.axisOutOfRange(op: "sum", axis: 2, shape: [2, 3])) { try m.sum(axis: 2) }
        #expect(throws: TensorError.rangeOutOfBounds(op: "slice", range: 1..<4, axis: 0, shape: [2, 3])) {
            try m.slice(1..<4)
        }
        #expect(throws: TensorError.axisOutOfRange(op: "select", axis: 0, shape: [])) { try Tensor.scalar(1)[0] }
        #expect(throws: TensorError.invalidShape(op: "zeros", shape: [-1])) { try Tensor.zeros([-1]) }
        #expect(throws: TensorError.invalidShape(op: "zeros", shape: [Int.max, Int.max])) {
            try Tensor.zeros([Int.max, Int.max])
        }
        #expect(throws: TensorError.empty(op: "max")) { try Tensor([Int]()).max() }
        #expect(throws: TensorError.empty(op: "cat")) { try Tensor.cat([]) }
        #expect(throws: TensorError.rankUnsupported(op: "transpose", expected: "a matrix", shape: [1])) {
            try Tensor([1]).transposed()
        }
        #expect(throws: TensorError.notScalar(op: "item", shape: [2, 3])) { try m.item() }
    }

    @Test("Reductions with and without an axis")
    func reductions() throws {
        #expect(try m.sum().storage == .int64([21]))
        #expect(try m.sum(axis: 0).ints == [5, 7, 9])
        #expect(try m.sum(axis: -1, keepdims: true).shape == [2, 1])
        #expect(try m.mean(axis: 1).storage == .float32([2, 5]))
        // √(((−1)² + 0² + 1²) / 2) = 1, and √(2/3) without the correction.
        #expect(try m.std(axis: 1).floats == [1, 1])
        #expect(abs(try Tensor(float64: [1, 2, 3]).std(correction: 0).item() - 0.816496580927726) < 1e-15)
        #expect(try m.max(axis: 0).ints == [4, 5, 6])
        #expect(try m.min().ints == [1])
        #expect(try Tensor(float64: [1, .nan, 0]).min().item().isNaN)
        #expect(try Tensor(float64: [.nan, 1, 0]).max().item().isNaN)
        #expect(try Tensor([Float]()).mean().item().isNaN)
        #expect(try Tensor([Float](), shape: [0, 2]).sum(axis: 0).floats == [0, 0])
    }

    @Test("logsigmoid, logsumexp, softmax and sigmoid are exact where the plain formulas overflow")
    func stability() throws {
        let extreme = Tensor(float64: [-1000, 0, 1000])
        #expect(extreme.logsigmoid().doubles[0] == -1000)
        #expect(abs(extreme.logsigmoid().doubles[1] + 0.6931471805599453) < 1e-16)
        #expect(extreme.logsigmoid().doubles[2] == 0)
        #expect(extreme.sigmoid().doubles == [0, 0.5, 1])
        #expect(try extreme.logsumexp().item() == 1000)
        #expect(abs(try Tensor(float64: [1000, 1000]).logsumexp().item() - 1000.6931471805599) < 1e-12)
        #expect(try Tensor(float64: [-.infinity, -.infinity]).logsumexp().item() == -.infinity)
        #expect(try extreme.softmax().doubles == [0, 0, 1])
        #expect(try Tensor(float64: [0, -2000]).logSoftmax().doubles == [0, -2000])
    }

    @Test("Elementwise functions at points known by hand")
    func functions() throws {
        let x = Tensor(float64: [-2, 0.25, 4])
        #expect(x.abs().doubles == [2, 0.25, 4])
        #expect(x.clamp(min: -1, max: 1).doubles == [-1, 0.25, 1])
        #expect(x.clamp(max: 1).doubles == [-2, 0.25, 1])
        #expect(m.clamp(min: 2, max: 5).storage == .int64([2, 2, 3, 4, 5, 5]))
        #expect(x.sqrt().doubles[1...] == [0.5, 2])
        #expect(x.log().doubles[0].isNaN)
        #expect(abs(try (x.exp().log() - x).abs().max().item()) < 1e-15)
        #expect(try x.compared(.gt, .scalar(0)).storage == .int64([0, 1, 1]))
        #expect(try m.compared(.le, Tensor([2, 2, 2])).ints == [1, 1, 0, 0, 0, 0])
        #expect(try Tensor.select(where: Tensor([1, 0, 1]), x, .scalar(9)).doubles == [-2, 9, 4])
    }

    @Test("Products, joins, slices and shapes")
    func structure() throws {
        #expect(try m.matmul(m.transposed()).storage == .float32([14, 32, 32, 77]))
        #expect(try m.matmul(Tensor([1, 0, -1])).floats == [-2, -2])
        #expect(try Tensor([1, 2]).matmul(m).shape == [3])
        #expect(try Tensor([1, 2, 3]).dot(Tensor([4, 5, 6])).storage == .int64([32]))
        #expect(try Tensor.cat([m, Tensor([7, 8], shape: [2, 1])], axis: 1).ints == [1, 2, 3, 7, 4, 5, 6, 8])
        #expect(try Tensor.cat([m, Tensor([7, 8, 9], shape: [1, 3])]).shape == [3, 3])
        #expect(try Tensor.stack([Tensor([1, 2]), Tensor([3, 4])], axis: -1).ints == [1, 3, 2, 4])
        #expect(try Tensor.stack([.scalar(1), .scalar(2.5)]).storage == .float32([1, 2.5]))
        #expect(try m.slice(1..<3, axis: 1).ints == [2, 3, 5, 6])
        #expect(try m[1].ints == [4, 5, 6])
        #expect(try m[1][2].item() == 6)
        #expect(try m.selected([1, 1, 0]).shape == [3, 3])
        #expect(try m.transposed().ints == [1, 4, 2, 5, 3, 6])
        #expect(try m.reshaped([-1]).shape == [6])
        #expect(try Tensor([1, 2]).broadcast(to: [2, 2]).ints == [1, 2, 1, 2])
    }

    @Test("New tensors")
    func creation() throws {
        #expect(try Tensor.zeros([2, 2]).floats == [0, 0, 0, 0])
        #expect(try Tensor.ones([2], dtype: .int64).storage == .int64([1, 1]))
        #expect(try Tensor.full([1], 0.1, dtype: .float64).storage == .float64([0.1]))
        #expect(try Tensor.arange(0, 3, dtype: .int64).ints == [0, 1, 2])
        #expect(try Tensor.arange(1, 0, step: -0.5).floats == [1, 0.5])
        #expect(try Tensor.arange(3, 0).count == 0)
        #expect(throws: TensorError.self) { try Tensor.arange(0, 1, step: 0) }
        let sample = try Tensor.randn([10_000], seed: 7, dtype: .float64)
        #expect(abs(try sample.mean().item()) < 0.05)
        #expect(abs(try sample.std().item() - 1) < 0.05)
        #expect(try sample.storage == Tensor.randn([10_000], seed: 7, dtype: .float64).storage)
        #expect(try sample.storage != Tensor.randn([10_000], seed: 8, dtype: .float64).storage)
        #expect(try Tensor.randn([3], seed: 1).doubles.allSatisfy(\.isFinite))
    }

    @Test("Conversion to integers never traps")
    func conversion() {
        #expect(Tensor([1.9, -1.9, .nan, .infinity, -1e30] as [Float]).ints == [1, -1, 0, .max, .min])
        #expect(Tensor(float64: [2.5]).converted(to: .int64).storage == .int64([2]))
    }
}
