import Bench
import Display
import Foundation
import Testing

/// The tables and the JSON.
@Suite struct ReportTests {
    private func report() -> Report {
        var report = Report(model: "m", threads: 2)
        report.peaks[2] = MachinePeak(
            threads: 2, instructions: "avx2", fp32GFLOPS: 100, nativeBF16GFLOPS: nil, readGBPerSecond: 10)
        var sft = BenchResult(name: "sft", title: "training", threads: 2)
        sft.tokens = 100
        sft.seconds = [2, 1, 4]
        sft.passes = [Work(operations: 100e9, bytes: 1)]
        sft.peakMB = 321
        var slow = PeerResult(name: "slow")
        slow.tokensPerSecond = [10]
        var fast = PeerResult(name: "fast")
        fast.tokensPerSecond = [20, 40, 25]
        fast.peakMB = 5000
        var absent = PeerResult(name: "absent")
        absent.failure = "absent.py is missing"
        sft.peers = [slow, fast, absent]
        var failed = BenchResult(name: "prefill", title: "prompts", threads: 2)
        failed.failure = "the worker fell over"
        report.results = [sft, failed]
        report.tables = [(name: "rank", title: "over the rank", results: [BenchResult(name: "rank 8", title: "", threads: 2)])]
        return report
    }

    @Test("JSON has the machine's peak and for each workload rate, share, memory and the ratio to the best peer; null where unknown")
    func json() throws {
        let root = try #require(
            try JSONSerialization.jsonObject(with: Data(report().json().utf8)) as? [String: Any])
        let machine = try #require(root["machine"] as? [String: Any])
        #expect(machine["peak_bf16_gflops"] as? Double == 100)
        #expect(machine["peak_fp32_gflops"] as? Double == 100)
        #expect(machine["read_gb_s"] as? Double == 10)
        #expect(machine["has_bf16"] as? Bool == false)
        let workloads = try #require(root["workloads"] as? [String: [String: Any]])
        let sft = try #require(workloads["sft"])
        #expect(sft["tokens_per_s"] as? Double == 50)
        #expect(sft["tokens_per_s_min"] as? Double == 25)
        #expect(sft["tokens_per_s_max"] as? Double == 100)
        #expect(sft["share_of_peak"] as? Double == 0.5)
        #expect(sft["peak_rss_mb"] as? Double == 321)
        #expect(sft["peer_ratio"] as? Double == 2)
        let peers = try #require(sft["peers"] as? [String: [String: Any]])
        #expect(peers["slow"]?["ratio"] as? Double == 5)
        #expect(peers["absent"]?["failure"] as? String == "absent.py is missing")
        #expect(peers["absent"]?["tokens_per_s"] is NSNull)
        let prefill = try #require(workloads["prefill"])
        for key in ["tokens_per_s", "share_of_peak", "peak_rss_mb", "peer_ratio"] { #expect(prefill[key] is NSNull, "\(key)") }
        #expect((root["scaling"] as? [String: [[String: Any]]])?["rank"]?.first?["size"] as? String == "rank 8")
        #expect(root["interrupted"] as? Bool == false)
    }

    @Test("the session's figures stand beside their bounds, in the table and in JSON")
    func session() throws {
        var report = report()
        report.session = [
            SessionFigure(name: "start_ms", title: "start", values: [30, 20, 90], bound: 50),
            SessionFigure(name: "idle_cpu_percent", title: "idle", unit: "%", values: [2], bound: 0),
        ]
        let text = report.text(style: .plain, width: 160)
        #expect(text.contains(/start +30\.0 ms +20\.0–90\.0 +50 ms/))
        #expect(text.contains(/idle +2\.00 % +2\.00–2\.00 +0 % +above/))
        let root = try #require(try JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any])
        let figures = try #require(root["session"] as? [String: Any])
        let start = try #require(figures["start_ms"] as? [String: Any])
        #expect(start["median"] as? Double == 30 && start["bound"] as? Double == 50 && start["within_bound"] as? Bool == true)
        #expect((figures["idle_cpu_percent"] as? [String: Any])?["within_bound"] as? Bool == false)
    }

    @Test("the tables show what there is, and say what failed and which peers are missing")
    func text() {
        let text = report().text(style: .plain, width: 160)
        #expect(text.contains("m, 2 threads, avx2: fp32 100 GFLOP/s, bf16 100 GFLOP/s (no bf16 instruction here"))
        #expect(text.contains("50.0  25.0–100"))
        #expect(text.contains("50 %  arithmetic  321 MB    2.00×"))
        #expect(text.contains("prefill: the worker fell over"))
        #expect(text.contains("\npeer absent: absent.py is missing (sft)\n"))
        #expect(text.contains("over the rank\nrank"))
        #expect(report().hasFailures)
    }

    @Test("an interrupted report says so and keeps what was measured")
    func interrupted() {
        var report = report()
        report.isInterrupted = true
        #expect(report.text(style: .plain, width: 160).hasSuffix("interrupted: what was measured until then"))
    }

    @Test("the median of an even number is the mean of the middle two")
    func spread() {
        #expect(Spread([4, 1, 2, 3])?.median == 2.5)
        #expect(Spread([]) == nil)
    }
}
