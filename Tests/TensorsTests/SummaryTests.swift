import Tensors
import Testing

@Suite("Summaries")
struct SummaryTests {
    @Test("A short vector is shown in full, with its type, size and range")
    func vector() {
        #expect(
            Tensor([1, -0.5, .nan] as [Float]).summary() == """
                  1.0000  -0.5000  nan
                f32 [3] 12 B  min -0.5  mean 0.25  max 1  nan 1
                """)
        #expect(Tensor([1, 20, 3]).summary() == "  1  20  3\ni64 [3] 24 B  min 1  mean 8  max 20")
        #expect(Tensor([Float]()).summary() == "f32 [0] 0 B  nan 0")
    }

    @Test("A scalar is one line")
    func scalar() throws {
        #expect(Tensor.scalar(0.6931472).summary() == "0.6931472  f32 scalar")
        #expect(Tensor.scalar(42).summary() == "42  i64 scalar")
        #expect(try Tensor.scalar(0.5).requiringGradient().summary() == "0.5  f32 scalar  with gradient")
    }

    @Test("Columns are aligned and long axes show three at each end")
    func matrix() throws {
        let values = try Tensor.arange(0, 1000, dtype: .int64).reshaped([10, 100])
        #expect(
            values.summary() == """
                    0    1    2  …   97   98   99
                  100  101  102  …  197  198  199
                  200  201  202  …  297  298  299
                    ⋮    ⋮    ⋮  ⋱    ⋮    ⋮    ⋮
                  700  701  702  …  797  798  799
                  800  801  802  …  897  898  899
                  900  901  902  …  997  998  999
                i64 [10×100] 7.8 KiB  min 0  mean 499.5  max 999
                """)
    }

    @Test("Numbers far from 1 share one scale factor")
    func scale() {
        #expect(
            Tensor(float64: [1.5e-7, -3e-7]).summary() == """
                1e-7 ×
                  1.5000  -3.0000
                f64 [2] 16 B  min -3e-7  mean -7.5e-8  max 1.5e-7  nan 0
                """)
    }

    @Test(
        "A summary has at most 24 lines that fit the width",
        arguments: [[2, 1024, 896], [50, 2, 2], [3, 4, 5, 6], [30, 9]])
    func limits(shape: [Int]) throws {
        let tensor = try Tensor.randn(shape, seed: 3)
        for width in [80, 40] {
            let lines = tensor.summary(width: width).split(separator: "\n")
            #expect(lines.count <= 24)
            #expect(lines.dropLast().allSatisfy { $0.count <= width })
        }
        #expect(tensor.summary().contains("f32 [" + shape.map(String.init).joined(separator: "×") + "]"))
    }
}
