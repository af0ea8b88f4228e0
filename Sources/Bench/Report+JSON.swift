import Foundation

extension Report: Encodable {
    /// The report as JSON with sorted keys; what was not measured is null.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(model, forKey: "model")
        try container.encode(isInterrupted, forKey: "interrupted")
        try container.encode(failure, forKey: "failure")
        var machine = container.nestedContainer(keyedBy: Key.self, forKey: "machine")
        try machine.encode(threads, forKey: "threads")
        try machine.encode(self.machine?.bf16GFLOPS, forKey: "peak_bf16_gflops")
        try machine.encode(self.machine.map { $0.nativeBF16GFLOPS != nil }, forKey: "has_bf16")
        try machine.encode(self.machine?.fp32GFLOPS, forKey: "peak_fp32_gflops")
        try machine.encode(self.machine?.readGBPerSecond, forKey: "read_gb_s")
        try machine.encode(self.machine?.instructions, forKey: "instructions")
        if !session.isEmpty || sessionFailure != nil {
            var figures = container.nestedContainer(keyedBy: Key.self, forKey: "session")
            for figure in session {
                var fields = figures.nestedContainer(keyedBy: Key.self, forKey: Key(figure.name))
                try fields.encode(Spread(figure.values)?.median, forKey: "median")
                try fields.encode(figure.values, forKey: "values")
                try fields.encode(figure.bound, forKey: "bound")
                try fields.encode(figure.isWithinBound, forKey: "within_bound")
            }
            try figures.encode(sessionFailure, forKey: "failure")
        }
        var workloads = container.nestedContainer(keyedBy: Key.self, forKey: "workloads")
        for result in results { try encode(result, into: &workloads, key: Key(result.name)) }
        var scaling = container.nestedContainer(keyedBy: Key.self, forKey: "scaling")
        for table in tables {
            var rows = scaling.nestedUnkeyedContainer(forKey: Key(table.name))
            for result in table.results {
                var row = rows.nestedContainer(keyedBy: Key.self)
                try row.encode(result.name, forKey: "size")
                try encode(result, into: &row)
            }
        }
    }

    private func encode(_ result: BenchResult, into parent: inout KeyedEncodingContainer<Key>, key: Key) throws {
        var fields = parent.nestedContainer(keyedBy: Key.self, forKey: key)
        try encode(result, into: &fields)
    }

    private func encode(_ result: BenchResult, into fields: inout KeyedEncodingContainer<Key>) throws {
        try fields.encode(result.title, forKey: "title")
        try fields.encode(result.tokens, forKey: "tokens")
        try fields.encode(result.threads, forKey: "threads")
        try fields.encode(result.seconds, forKey: "seconds")
        try fields.encode(result.rates?.median, forKey: "tokens_per_s")
        try fields.encode(result.rates?.least, forKey: "tokens_per_s_min")
        try fields.encode(result.rates?.greatest, forKey: "tokens_per_s_max")
        try fields.encode(peaks[result.threads].flatMap(result.share), forKey: "share_of_peak")
        try fields.encode(result.peakMB > 0 ? result.peakMB : nil, forKey: "peak_rss_mb")
        try fields.encode(result.peerRatio, forKey: "peer_ratio")
        try fields.encode(result.failure, forKey: "failure")
        var peers = fields.nestedContainer(keyedBy: Key.self, forKey: "peers")
        for peer in result.peers {
            let rate = Spread(peer.tokensPerSecond)?.median
            var row = peers.nestedContainer(keyedBy: Key.self, forKey: Key(peer.name))
            try row.encode(rate, forKey: "tokens_per_s")
            try row.encode(rate.flatMap { rate in result.rates.map { $0.median / rate } }, forKey: "ratio")
            try row.encode(peer.peakMB > 0 ? peer.peakMB : nil, forKey: "peak_rss_mb")
            try row.encode(peer.failure, forKey: "failure")
        }
    }

    /// Names of workloads and peers are keys too.
    private struct Key: CodingKey, ExpressibleByStringLiteral {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init(stringLiteral name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
