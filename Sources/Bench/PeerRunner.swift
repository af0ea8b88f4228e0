import Foundation

/// A peer's runs, alternating with ours.
package struct PeerRunner {
    private let peer: Peer
    private let folder: PeerFolder
    private var isDone = false
    /// What has come of it so far.
    package private(set) var result: PeerResult

    /// A peer that has not run yet.
    package init(_ peer: Peer, folder: PeerFolder) {
        self.peer = peer
        self.folder = folder
        result = PeerResult(name: peer.name)
    }

    /// Leaves the peer out where it would only take time: on a machine without bf16 instructions if it lives by them, or after a run
    /// at less than half the speed of another.
    package mutating func leaveOutIfHopeless(on machine: MachinePeak?, best: Double?) {
        if peer.needsBF16, let machine, machine.nativeBF16GFLOPS == nil {
            result.failure = "left out: no bf16 instructions were found, and without them PyTorch is slower than in fp32"
        } else if let best, let rate = result.tokensPerSecond.first, rate < best / 2 {
            isDone = true
        }
    }

    /// Runs the peer once. What goes wrong stands in the result, and the peer is not tried again; only Ctrl-C throws.
    package mutating func run(_ interruption: Interruption) throws(BenchError) {
        guard result.failure == nil, !isDone else { return }
        do {
            try measure(interruption)
        } catch .interrupted {
            throw .interrupted
        } catch {
            result.failure = error.description
        }
    }

    private mutating func measure(_ interruption: Interruption) throws(BenchError) {
        let script = folder.folder + "/" + peer.script
        for (file, hint) in [
            (script, "the peers' folder holds their scripts"), (folder.python, "scripts/peers makes it; or use --python"),
            (peer.model, "scripts/peers makes it"),
        ] where !FileManager.default.fileExists(atPath: file) {
            throw .missing(file, hint: hint)
        }
        let child = try ChildProcess(
            name: peer.script, executable: folder.python, arguments: [script] + peer.arguments,
            environment: peer.environment, interruption: interruption)
        var last = "nothing"
        var rate: Double?
        while let line = child.nextLine() {
            last = line
            guard let parsed = PeerLine(line), let found = peer.rate(parsed) else { continue }
            rate = found
            result.peakMB = max(result.peakMB, parsed.peakMB ?? 0)
        }
        try child.end()
        guard let rate, rate > 0, rate.isFinite else { throw .notUnderstood(peer.script, line: last) }
        result.tokensPerSecond.append(rate)
    }
}
