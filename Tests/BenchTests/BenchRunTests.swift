import Bench
import Foundation
import ModelFiles
import Synchronization
import TestSupport
import Testing

/// The built program's command, and its worker processes, on a tiny model.
@Suite(.serialized) final class BenchRunTests {
    private let model: String

    init() throws {
        var tiny = TinyModel()
        tiny.contextLength = 1024
        model = try tiny.write()
    }

    deinit { try? FileManager.default.removeItem(atPath: model) }

    private func settings(_ names: [String], runs: Int = 1) throws -> Bench.Settings {
        let selection = try BenchSelection(only: names, isQuick: true, threads: 2)
        return Bench.Settings(
            model: try ModelStore().resolve(model), modelArgument: model, threads: 2, runs: runs, isQuick: true,
            cases: selection.cases, tables: selection.tables, peers: nil, executable: BuiltProgram.path("rlhf-repl"),
            workerArguments: ["bench", "--worker"])
    }

    @Test("every workload and table of the quick command runs, and the JSON has a rate, a share and a peak of memory for each")
    func quick() throws {
        let names = "sft,prefill,decode,groups-64,tournament,rl-step,length,batch,rank,threads"
        let result = try BuiltProgram.run(
            "rlhf-repl", ["bench", "--quick", "--model", model, "--threads", "2", "--only", names, "--json", "-"])
        #expect(result.status == 0, "\(result.error)")
        #expect(result.error.isEmpty)
        let root = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let workloads = try #require(root["workloads"] as? [String: [String: Any]])
        #expect(workloads.count == 9)
        let scaling = try #require(root["scaling"] as? [String: [[String: Any]]])
        #expect(scaling.mapValues(\.count) == ["length": 2, "batch": 2, "rank": 2, "threads": 4])
        for row in Array(workloads.values) + scaling.values.joined() {
            for key in ["tokens_per_s", "share_of_peak", "peak_rss_mb"] {
                #expect((row[key] as? Double).map { $0 > 0 } == true, "\(row)")
            }
            #expect(row["failure"] is NSNull)
        }
    }

    @Test("each run is one result, and progress counts to the end")
    func runs() throws {
        let counts = Mutex<[[Int]]>([])
        var bench = try Bench(try settings(["decode-1", "tournament"], runs: 3), interruption: Interruption()) { _, done, total in
            counts.withLock { $0.append([done, total]) }
        }
        let report = bench.run()
        #expect(report.results.map(\.seconds.count) == [3, 3])
        #expect(report.results.map(\.tokens) == [8, 6 * 72])
        #expect(!report.hasFailures && !report.isInterrupted)
        let seen = counts.withLock(\.self)
        #expect(seen.allSatisfy { $0[1] == 6 })
        #expect(seen.map { $0[0] } == seen.map { $0[0] }.sorted() && seen.last?[0] == 5)
    }

    @Test("Ctrl-C ends the child, and what was measured before it stays")
    func interrupt() throws {
        let interruption = Interruption()
        var bench = try Bench(try settings(["decode-1", "decode-4", "sft"]), interruption: interruption) { what, _, _ in
            if what.hasPrefix("decode-1, run") { interruption.fire() }
        }
        let report = bench.run()
        #expect(report.isInterrupted)
        #expect(report.results.map(\.name) == ["sft", "decode-1"])
        #expect(report.results.map(\.seconds.count) == [1, 0])
        #expect(report.machine != nil)
    }

    @Test("a workload that fails says why, and the others are measured")
    func failure() throws {
        try FileManager.default.removeItem(atPath: model)
        var short = TinyModel()
        short.contextLength = 64
        try short.build().write(to: URL(filePath: model))
        var bench = try Bench(try settings(["sft", "decode-1"]), interruption: Interruption()) { _, _, _ in }
        let report = bench.run()
        #expect(report.results[0].failure?.contains("do not fit the context of 64") == true)
        #expect(report.results[1].failure == nil && report.results[1].seconds.count == 1)
    }

    @Test("a worker ends with its standard input, and refuses what is no order")
    func worker() throws {
        let idle = try BuiltProgram.run("rlhf-repl", ["bench", "--worker"])
        #expect(idle.status == 0 && idle.output.isEmpty)
    }

    @Test(
        "wrong options are named with what is right",
        arguments: [
            (["--runs", "0"], "--runs takes a number from 1, not 0"), (["--threads", "-1"], "threads"),
            (["--only", "sft,nonsense"], "no workload is called 'nonsense'; there are sft, prefill, decode-1"),
            (["--python", "/bin/sh"], "--python needs --peers"), (["--peers", "/nowhere"], "there is no folder '/nowhere'"),
            (["script.lua"], "script.lua"),
        ])
    func options(arguments: [String], message: String) throws {
        let result = try BuiltProgram.run("rlhf-repl", ["bench"] + arguments)
        #expect(result.status == 64)
        #expect(result.error.contains(message), "\(result.error)")
    }

    @Test("a model that is not there is an error, and a file called bench is still a script")
    func names() throws {
        let missing = try BuiltProgram.run("rlhf-repl", ["bench", "--model", "/nowhere.gguf"])
        #expect(missing.status == 1 && missing.error == "error: cannot read /nowhere.gguf: no such file\n")
        let folder = ScratchFolder.url.appending(path: "script-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("print('a script', arg[1])".utf8).write(to: folder.appending(path: "bench"))
        let environment = ["HOME": folder.path]
        let script = folder.appending(path: "bench").path
        #expect(try BuiltProgram.run("rlhf-repl", [script, "bench"], environment: environment).output == "a script\tbench\n")
        #expect(try BuiltProgram.run("rlhf-repl", ["--help"]).output.contains("`bench`"))
        #expect(try BuiltProgram.run("rlhf-repl", ["bench", "--help"]).output.contains("USAGE: rlhf-repl bench"))
    }

    @Test("--explain shows the formulas with the model's numbers and measures nothing")
    func explain() throws {
        let result = try BuiltProgram.run("rlhf-repl", ["bench", "--explain", "--model", model])
        #expect(result.status == 0)
        #expect(result.output.contains("tiny: L 2 layers, Q 32 query columns"))
    }
}
