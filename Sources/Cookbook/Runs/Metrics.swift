import Foundation
import JSON

/// What a run measured: a row for each step, looked at by column.
public struct Metrics: Sendable, Equatable {
    /// One step's values by name.
    public struct Row: Sendable, Equatable {
        /// The number of updates that the weights had seen before this step.
        public var step: Int
        /// The values by name; a name without a value is left out.
        public var values: [String: Double]

        /// A step's values.
        public init(step: Int, values: [String: Double]) {
            self.step = step
            self.values = values
        }
    }

    /// The rows in the order in which they were written.
    public private(set) var rows: [Row]

    /// Metrics of these rows.
    public init(rows: [Row] = []) { self.rows = rows }

    /// The steps of the rows: what columns are plotted over.
    public var steps: [Int] { rows.map(\.step) }

    /// The names of all columns, sorted.
    public var names: [String] { Set(rows.flatMap(\.values.keys)).sorted() }

    /// A column, nil where a row has no value; nil if no row has one.
    public subscript(name: String) -> [Double?]? {
        let column = rows.map { $0.values[name] }
        return column.contains { $0 != nil } ? column : nil
    }

    /// The latest value of a column.
    public func last(_ name: String) -> Double? { rows.last { $0.values[name] != nil }?.values[name] }

    /// Adds a row.
    public mutating func append(_ row: Row) { rows.append(row) }
}

extension Metrics {
    /// Whether a metric counts something, so that its values are whole numbers: `num_tokens`, `env/all/total_turns`,
    /// `groups/kept`.
    public static func isCount(_ name: String) -> Bool {
        let last = name.split(separator: "/").last ?? ""
        return counts.contains(name) || last == "pairs" || last.hasPrefix("num_") || last.hasPrefix("total_")
    }

    private static let counts: Set<String> = [
        "epoch", "progress/batch", "groups/kept", "groups/constant", "rollout_errors/groups_skipped",
    ]
}

extension Metrics.Row: Decodable {
    /// A row from `{"step": n, ...}`; null and what is no number are left out.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        step = try container.decode(Int.self, forKey: Key(stringValue: "step"))
        values = [:]
        for key in container.allKeys where key.stringValue != "step" {
            if let value = try? container.decode(Double.self, forKey: key) { values[key.stringValue] = value }
        }
    }

    /// The row as `{"step": n, ...}` with sorted names; a value that is not finite becomes null. Numbers read back
    /// exactly.
    var line: String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("step")
            writer.value(step)
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                writer.key(name)
                Self.write(value, to: &writer)
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Whole numbers have no fraction.
    private static func write(_ value: Double, to writer: inout JSONWriter) {
        if !value.isFinite {
            writer.literal("null")
        } else if value == value.rounded(), abs(value) < 1e15 {
            writer.value(Int(value))
        } else {
            writer.value(value)
        }
    }

    /// A metric's name as it stands, whatever strategy the decoder has for keys.
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
