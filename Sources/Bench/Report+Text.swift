package import Display
import Foundation

extension Report {
    /// The tables for people.
    package func text(style: Style, width: Int) -> String {
        var parts: [String] = []
        if let machine {
            let bf16 = machine.nativeBF16GFLOPS == nil ? " (no bf16 instruction here: that of fp32)" : ""
            parts.append(
                String(
                    format: "%@, %d thread%@, %@: fp32 %.0f GFLOP/s, bf16 %.0f GFLOP/s%@, memory %.1f GB/s", model, threads,
                    threads == 1 ? "" : "s", machine.instructions, machine.fp32GFLOPS, machine.bf16GFLOPS, bf16,
                    machine.readGBPerSecond))
        }
        if !results.isEmpty { parts.append(table("workload", results, style, width)) }
        let peers = results.filter { !$0.peers.isEmpty }
        if !peers.isEmpty { parts.append(peerTable(peers, style, width)) }
        for table in tables {
            parts.append(style.paint(table.title, .bold) + "\n" + self.table(table.name, table.results, style, width))
        }
        if !session.isEmpty { parts.append(sessionTable(style, width)) }
        if !failures.isEmpty { parts.append(style.paint(failures.joined(separator: "\n"), .yellow)) }
        if let failure { parts.append(style.paint(failure, .yellow)) }
        if !results.isEmpty || !tables.isEmpty {
            parts.append(
                "of peak: least time / median time; a pass takes at least max(operations / bf16 peak, bytes / read bandwidth). "
                    + "Memory is the process's peak. --explain shows what is counted.")
        }
        if isInterrupted { parts.append(style.paint("interrupted: what was measured until then", .yellow)) }
        return parts.joined(separator: "\n\n")
    }

    /// A line for each thing that could not be measured; what is wrong with a peer is said once for all its workloads.
    private var failures: [String] {
        let ours = (results + tables.flatMap(\.results)).compactMap { result in
            result.failure.map { "\(result.name): \($0)" }
        }
        var workloads: [String: [String]] = [:]
        var theirs: [String] = []
        for result in results {
            for peer in result.peers {
                guard let failure = peer.failure else { continue }
                let line = "peer \(peer.name): \(failure)"
                if workloads[line] == nil { theirs.append(line) }
                workloads[line, default: []].append(result.name)
            }
        }
        return ours + (sessionFailure.map { ["session: \($0)"] } ?? [])
            + theirs.map { "\($0) (\(workloads[$0, default: []].joined(separator: ", ")))" }
    }

    private func table(_ heading: String, _ rows: [BenchResult], _ style: Style, _ width: Int) -> String {
        var printer = TablePrinter(
            columns: [heading, "what", "tokens/s", "min–max", "seconds", "of peak", "bound by", "memory", "by peer"],
            maxWidth: width, maxRows: 200)
        printer.alignments = [.left, .left] + Array(repeating: .right, count: 7)
        printer.rows = rows.map { result in
            let peak = peaks[result.threads]
            return [
                result.name, result.title, result.rates.map { Self.figure($0.median) } ?? "",
                result.rates.map { Self.figure($0.least) + "–" + Self.figure($0.greatest) } ?? "",
                Spread(result.seconds).map { String(format: "%.2f", $0.median) } ?? "",
                peak.flatMap(result.share).map { String(format: "%.0f %%", 100 * $0) } ?? "",
                peak.map { result.passes.isEmpty ? "" : result.passes.isBoundByMemory($0) ? "memory" : "arithmetic" } ?? "",
                result.peakMB > 0 ? String(format: "%.0f MB", result.peakMB) : "",
                result.peerRatio.map { String(format: "%.2f×", $0) } ?? "",
            ]
        }
        // Columns that nothing stands in say nothing.
        for column in printer.columns.indices.reversed() where printer.rows.allSatisfy({ $0[column].isEmpty }) {
            printer.columns.remove(at: column)
            printer.alignments.remove(at: column)
            for row in printer.rows.indices { printer.rows[row].remove(at: column) }
        }
        return printer.text(style: style)
    }

    private func sessionTable(_ style: Style, _ width: Int) -> String {
        var printer = TablePrinter(columns: ["session", "median", "min–max", "bound", ""], maxWidth: width, maxRows: 200)
        printer.alignments = [.left, .right, .right, .right, .left]
        printer.rows = session.map { figure in
            let spread = Spread(figure.values)
            return [
                figure.title, spread.map { Self.figure($0.median) + " " + figure.unit } ?? "–",
                spread.map { Self.figure($0.least) + "–" + Self.figure($0.greatest) } ?? "",
                "\(figure.bound.shortText) \(figure.unit)", figure.isWithinBound == false ? "above" : "",
            ]
        }
        return printer.text(style: style)
    }

    private func peerTable(_ results: [BenchResult], _ style: Style, _ width: Int) -> String {
        var printer = TablePrinter(
            columns: ["workload", "peer", "tokens/s", "min–max", "runs", "memory", "ratio"], maxWidth: width, maxRows: 200)
        printer.alignments = [.left, .left] + Array(repeating: .right, count: 5)
        printer.rows = results.flatMap { result in
            result.peers.map { peer in
                let rate = Spread(peer.tokensPerSecond)
                return [
                    result.name, peer.name, rate.map { Self.figure($0.median) } ?? "–",
                    rate.map { Self.figure($0.least) + "–" + Self.figure($0.greatest) } ?? "",
                    "\(peer.tokensPerSecond.count)", peer.peakMB > 0 ? String(format: "%.0f MB", peer.peakMB) : "",
                    rate.flatMap { rate in result.rates.map { String(format: "%.2f×", $0.median / rate.median) } } ?? "",
                ]
            }
        }
        return printer.text(style: style)
    }

    /// Three digits or more.
    private static func figure(_ value: Double) -> String {
        String(format: value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value)
    }
}
