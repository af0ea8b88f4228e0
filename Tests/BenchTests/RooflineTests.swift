import Bench
import ModelFiles
import TestSupport
import Testing

/// The figures of section 4 of the engine's specification, which were computed by another program (floors.py) from the shape of the
/// default model, two cores of 430 GFLOP/s and 30 GB/s.
@Suite struct RooflineTests {
    private let config: ModelConfig
    private let peak = MachinePeak(
        threads: 2, instructions: "avx512", fp32GFLOPS: 210, nativeBF16GFLOPS: 430, readGBPerSecond: 30)

    init() throws { config = try ModelConfig(DefaultModel.file()) }

    private func passes(_ name: String) throws -> [Work] {
        let item = try #require(BenchCase.all(isQuick: false).first { $0.name == name })
        guard case .workload(let any) = item.kind else { return [] }
        return any.workload.passes(config)
    }

    @Test("a token costs 212 million operations in the layers, 57 in the head, 58 in an adapter of rank 32")
    func operations() {
        let plain = Roofline(config, rank: 0)
        #expect((plain.forward(tokens: 1, context: 0, logits: 0).operations / 1e6).rounded() == 212)
        #expect((plain.forward(tokens: 0, context: 0, logits: 1).operations / 1e6).rounded() == 57)
        let adapted = Roofline(config, rank: 32)
        let difference =
            adapted.training(tokens: 1, context: 0, logits: 0).operations
            - plain.training(tokens: 1, context: 0, logits: 0).operations
        #expect((difference / 1e6 - 58).magnitude < 1)
        #expect((adapted.training(tokens: 100, context: 159, logits: 100).operations / 100e6).rounded() == 635)
        #expect((adapted.training(tokens: 100, context: 159, logits: 50).operations / 100e6).rounded() == 578)
        #expect((plain.forward(tokens: 1, context: 200, logits: 0).operations - 212.3e6) / 1e6 < 25)
    }

    @Test("a step of decoding reads 270 MB of bf16 weights, and 23 kB of the cache for each token")
    func bytes() {
        let plain = Roofline(config, rank: 0)
        #expect((plain.forward(tokens: 1, context: 0, logits: 1).bytes / 1e6 - 270).magnitude < 2)
        #expect(plain.cacheBytesPerToken == 23040)
    }

    @Test("decoding is bound by memory at batch 1 and by arithmetic at 64, at 103 and 1,434 tokens a second")
    func decoding() {
        let roofline = Roofline(config, rank: 32)
        let one = roofline.forward(tokens: 1, context: 164, logits: 1, cached: 164)
        let many = roofline.forward(tokens: 64, context: 164, logits: 64, cached: 64 * 164)
        #expect((1 / one.seconds(peak)).rounded() == 103)
        #expect((64 / many.seconds(peak)).rounded() == 1434)
    }

    @Test("a tournament of four is 0.53 TFLOP and 1.23 s as a tree, a step of RL 11.6 s, the mix of lengths 677 tokens a second")
    func workloads() throws {
        let tournament = try passes("tournament")
        #expect((tournament.reduce(0) { $0 + $1.operations } / 1e12 - 0.53).magnitude < 0.005)
        #expect((tournament.seconds(peak) - 1.23).magnitude < 0.01)
        // The specification counts a pass for the first drawn token too, and logits for each of a group.
        #expect((try passes("rl-step").seconds(peak) - 11.6).magnitude < 0.15)
        #expect((3098 / (try passes("sft").seconds(peak)) - 677).magnitude < 8)
    }

    @Test("groups with one prompt need less than the same batch with prompts of their own")
    func groups() throws {
        #expect(try passes("groups-64").seconds(peak) < 0.8 * passes("decode-64").seconds(peak))
    }

    @Test("the explanation names the counted weights of this model")
    func explanation() {
        let text = Roofline(config, rank: 32).explanation
        #expect(text.contains("W 106.2 M, adapter of rank 32 A 9.8 M, head V 28.3 M, cache 23040 B/token"))
        #expect(text.contains("212.3 M operations a token in the layers"))
    }

    @Test("without an instruction for bf16 the peak is that of fp32; of two measurements each figure's better one counts")
    func peaks() {
        let first = MachinePeak(
            threads: 2, instructions: "avx2", fp32GFLOPS: 100, nativeBF16GFLOPS: nil, readGBPerSecond: 20)
        let second = MachinePeak(
            threads: 2, instructions: "avx2", fp32GFLOPS: 90, nativeBF16GFLOPS: nil, readGBPerSecond: 25)
        #expect(first.bf16GFLOPS == 100)
        #expect(first.best(second).fp32GFLOPS == 100)
        #expect(first.best(second).readGBPerSecond == 25)
        #expect(first.best(second).nativeBF16GFLOPS == nil)
    }

    @Test("the machine's peak can be measured, with one thread and with two")
    func measured() throws {
        for threads in [1, 2] {
            let peak = try MachinePeak.measure(threads: threads, seconds: 0.1)
            #expect(peak.fp32GFLOPS > 0.01 && peak.readGBPerSecond > 0.01)
            #expect(peak.bf16GFLOPS >= 0.01)
        }
    }
}
