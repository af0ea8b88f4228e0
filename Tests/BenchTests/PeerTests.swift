import Bench
import Foundation
import TestSupport
import Testing

/// Peers: what their scripts print, and what happens when something is missing. Shell scripts stand in for Python.
@Suite struct PeerTests {
    private let folder: URL

    init() throws {
        folder = ScratchFolder.url.appending(path: "peers-\(UUID().uuidString)")
        for path in ["hf/fp32", "peers/bin"] {
            try FileManager.default.createDirectory(at: folder.appending(path: path), withIntermediateDirectories: true)
        }
    }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    private func peers(_ name: String, python: String? = "/bin/sh") throws -> (PeerFolder, [Peer]) {
        let item = try #require(BenchCase.all(isQuick: false).first { $0.name == name })
        let peers = PeerFolder(folder.path, python: python)
        guard case .workload(let any) = item.kind else { return (peers, []) }
        return (peers, peers.peers(for: any, threads: 2))
    }

    // In the form of the scripts, with figures of our own making.
    private let sft = """
        {"mode": "bf16-packed", "threads": 2, "seqs": 16, "real_tokens": 3098, "max_len": 644, "mean_len": 193.6, \
        "real_tok_per_s": [90.1], "median": 90.1, "peak_rss_mb": 4211, "positions_computed": 3098}
        """
    private let generate = """
        {"peer": "hf-generate", "dtype": "bfloat16", "threads": 2, "batch": 64, "new": 64, "prompt": 100, "tok_per_s": [160.5], \
        "median": 160.5, "peak_rss_mb": 1100}
        """
    private let scoring = """
        {"peer": "hf-forward-scoring", "dtype": "bfloat16", "threads": 2, "comparisons": 12, "tokens": 5472, "secs": [5.0], \
        "median_s": 5.0, "tok_per_s": 1094.4}
        """
    private let llama = """
        {"peer": "llama.cpp", "model": "smol.bf16.gguf", "threads": 2, "batch": 64, "new": 64, "prompt": 100, "tok_per_s": [255.2], \
        "median": 255.2, "decode_only_median": 400.0, "decode_without_sampling": 598.1, "prefill_tok_per_s_last": 1004.5, \
        "peak_rss_mb": 650}
        """
    private let grpo = """
        {"peer": "trl-grpo", "dtype": "bf16", "secs_per_step": [130.0, 110.0], "total_s": 240.0, "peak_rss_mb": 9000}
        """

    @Test("each peer finds its tokens per second in its own lines only")
    func lines() throws {
        func rate(_ workload: String, _ peer: String, _ line: String) throws -> Double? {
            let known = try peers(workload).1
            let found = try #require(known.first { $0.name == peer })
            return found.rate(try #require(PeerLine(line)))
        }
        #expect(try rate("sft", "PEFT bf16, packed", sft) == 90.1)
        #expect(try rate("sft", "TRL fp32, packing", sft) == nil)
        #expect(try rate("decode-64", "transformers bfloat16", generate) == 160.5)
        #expect(try rate("decode-64", "transformers bfloat16", scoring) == nil)
        #expect(try rate("groups-64", "llama.cpp bf16", llama) == 255.2)
        #expect(try rate("prefill", "llama.cpp q8_0", llama) == 1004.5)
        #expect(try rate("tournament", "transformers float32", scoring) == 5472 / 5)
        #expect(try rate("tournament", "transformers float32", generate) == nil)
        #expect(try rate("rl-step", "TRL GRPO bf16", grpo) == 4096 / 110)
        #expect(PeerLine(sft)?.peakMB == 4211)
    }

    @Test(
        "lines that are no result are passed over", arguments: ["", "Loading weights: 100%", "{\"loss\": 1.5}", "{\"mode\": 3}", "{"])
    func otherLines(line: String) {
        #expect(PeerLine(line) == nil)
    }

    @Test("a peer runs as often as asked, among whatever else it prints, and its peak memory is the greatest")
    func running() throws {
        try write("peer_sft.py", "echo warning\necho '\(sft)'\necho \"[$GLIBC_TUNABLES] $3 $4\" >&2\n")
        let (folder, known) = try peers("sft")
        var runner = PeerRunner(known[0], folder: folder)
        for _ in 0..<2 { try runner.run(Interruption()) }
        #expect(runner.result.tokensPerSecond == [90.1, 90.1])
        #expect(runner.result.peakMB == 4211)
        #expect(runner.result.failure == nil)
        #expect(known[0].arguments.suffix(6) == ["--seqs", "16", "--threads", "2", "--passes", "1"])
    }

    @Test("what is missing is named: the script, the interpreter, the model, a module")
    func missing() throws {
        func failure(_ workload: String, python: String? = "/bin/sh") throws -> String {
            let (folder, known) = try peers(workload, python: python)
            var runner = PeerRunner(try #require(known.first), folder: folder)
            try runner.run(Interruption())
            #expect(runner.result.tokensPerSecond.isEmpty)
            return runner.result.failure ?? ""
        }
        #expect(try failure("sft").contains("peer_sft.py is missing"))
        try write("peer_sft.py", "echo 'ModuleNotFoundError: No module named torch' >&2\nexit 1\n")
        #expect(try failure("sft").contains("ended with status 1: ModuleNotFoundError: No module named torch"))
        #expect(try failure("sft", python: nil).contains("peers/bin/python is missing; scripts/peers makes it"))
        try write("peer_llama_cpp.py", "echo nothing of use\n")
        #expect(try failure("prefill").contains("smol.bf16.gguf is missing"))
        try write("smol.bf16.gguf", "")
        #expect(try failure("prefill").contains("said what is no result: nothing of use"))
    }

    @Test("PyTorch in bf16 is left out where the processor has no bf16, and says so; a peer of half the speed of another runs once")
    func leftOut() throws {
        try write("peer_sft.py", "echo '\(sft)'\n")
        let (folder, known) = try peers("sft")
        let machine = MachinePeak(
            threads: 2, instructions: "avx2", fp32GFLOPS: 1, nativeBF16GFLOPS: nil, readGBPerSecond: 1)
        var without = PeerRunner(known[0], folder: folder)
        without.leaveOutIfHopeless(on: machine, best: nil)
        try without.run(Interruption())
        #expect(without.result.tokensPerSecond.isEmpty)
        #expect(without.result.failure?.contains("no bf16 instructions") == true)
        for (best, runs) in [(181.0, 1), (180.0, 2)] {
            var runner = PeerRunner(known[0], folder: folder)
            for _ in 0..<2 {
                runner.leaveOutIfHopeless(on: nil, best: best)
                try runner.run(Interruption())
            }
            #expect(runner.result.tokensPerSecond.count == runs)
            #expect(runner.result.failure == nil)
        }
    }

    @Test("small workloads have no peers of a fixed size, and those of other sizes are told them")
    func quick() throws {
        let peers = PeerFolder(folder.path)
        for item in BenchCase.all(isQuick: true) {
            guard case .workload(let any) = item.kind else { continue }
            let known = peers.peers(for: any, threads: 1)
            #expect(known.isEmpty == ["tournament", "rl-step"].contains(item.name), "\(item.name)")
        }
    }
}
