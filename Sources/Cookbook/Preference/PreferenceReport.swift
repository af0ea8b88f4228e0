import Foundation

/// How a preference model does on labelled comparisons, each asked in both orders. Ties count for nothing but `ties`.
public struct PreferenceReport: Sendable, Equatable, Codable {
    /// A range of confidences.
    public struct Bin: Sendable, Equatable, Codable {
        /// The least confidence in the range.
        public var lowest: Double
        /// The confidence at which the next range begins.
        public var highest: Double
        /// The number of answers in the range.
        public var count: Int
        /// The mean of (1 + |value|) / 2.
        public var confidence: Double
        /// The share of right answers.
        public var accuracy: Double
    }

    /// The comparisons with a winner.
    public var count: Int
    /// The comparisons labelled as ties.
    public var ties: Int
    /// The share of right answers over both orders; a value of 0 counts half.
    public var accuracy: Double
    /// The share of right answers after averaging the two orders.
    public var bothOrderAccuracy: Double
    /// The share of comparisons where both orders name the same reply.
    public var orderAgreement: Double
    /// How much more often the first reply shown wins than the second, in [-1, 1].
    public var positionBias: Double
    /// The expected calibration error of the averaged answer (Naeini et al., 2015), ten bins.
    public var calibrationError: Double
    /// The calibration by range of confidence; empty ranges are left out.
    public var bins: [Bin]
    /// `bothOrderAccuracy` by the rows' category.
    public var byCategory: [String: Double]

    /// A report from values of the comparisons as they are (`forward`) and of those with swapped replies (`backward`).
    public init(labels: [PreferenceLabel], forward: [Double], backward: [Double], categories: [String?] = []) {
        let rows = labels.indices.filter { labels[$0] != .tie }
        func share(_ sum: Double) -> Double { rows.isEmpty ? 0 : sum / Double(rows.count) }
        func hit(_ value: Double) -> Double { value > 0 ? 1 : value == 0 ? 0.5 : 0 }
        /// The averaged value, positive when it agrees with the label.
        func margin(_ row: Int) -> Double {
            (labels[row] == .b ? 1 : -1) * (forward[row] - backward[row]) / 2
        }
        count = rows.count
        ties = labels.count - rows.count
        accuracy = share(
            rows.reduce(0) { sum, row in
                let sign: Double = labels[row] == .b ? 1 : -1
                return sum + (hit(sign * forward[row]) + hit(-sign * backward[row])) / 2
            })
        bothOrderAccuracy = share(rows.reduce(0) { $0 + hit(margin($1)) })
        orderAgreement = share(rows.reduce(0) { $0 + (forward[$1] * backward[$1] < 0 ? 1 : 0) })
        positionBias = share(
            rows.reduce(0) { sum, row in
                let firsts = [forward[row], backward[row]].map { $0 < 0 ? 1.0 : $0 > 0 ? -1 : 0 }
                return sum + firsts.reduce(0, +) / 2
            })
        bins = (0..<10).compactMap { index in
            let lowest = 0.5 + Double(index) * 0.05
            let members = rows.filter { min(9, Int(abs(margin($0)) * 10)) == index }
            guard !members.isEmpty else { return nil }
            let size = Double(members.count)
            return Bin(
                lowest: lowest, highest: lowest + 0.05, count: members.count,
                confidence: members.reduce(0) { $0 + (1 + abs(margin($1))) / 2 } / size,
                accuracy: members.reduce(0) { $0 + hit(margin($1)) } / size)
        }
        calibrationError = share(bins.reduce(0) { $0 + Double($1.count) * abs($1.confidence - $1.accuracy) })
        var tally: [String: (sum: Double, count: Int)] = [:]
        for row in rows where row < categories.count {
            guard let category = categories[row] else { continue }
            let old = tally[category] ?? (0, 0)
            tally[category] = (old.sum + hit(margin(row)), old.count + 1)
        }
        byCategory = tally.mapValues { $0.sum / Double($0.count) }
    }

    /// The figures as metrics, named `prefix/accuracy` and so on.
    public func metrics(prefix: String) -> [String: Double] {
        var metrics = [
            "\(prefix)/accuracy": accuracy, "\(prefix)/both_order_accuracy": bothOrderAccuracy,
            "\(prefix)/order_agreement": orderAgreement, "\(prefix)/position_bias": positionBias,
            "\(prefix)/calibration_error": calibrationError, "\(prefix)/pairs": Double(count),
        ]
        for (category, accuracy) in byCategory { metrics["\(prefix)/accuracy/\(category)"] = accuracy }
        return metrics
    }
}

extension PreferenceReport: CustomStringConvertible {
    /// The figures in a few lines, for people.
    public var description: String {
        func figure(_ value: Double) -> String { String(format: "%.3f", value) }
        var lines = [
            "\(count) pairs with a winner, \(ties) ties",
            "accuracy           \(figure(accuracy))   both orders averaged \(figure(bothOrderAccuracy))",
            "order agreement    \(figure(orderAgreement))   position bias \(String(format: "%+.3f", positionBias))",
            "calibration error  \(figure(calibrationError))",
        ]
        if !byCategory.isEmpty {
            let kinds = byCategory.sorted { $0.key < $1.key }.map { "\($0.key) \(figure($0.value))" }
            lines.append("by kind            " + kinds.joined(separator: ", "))
        }
        return lines.joined(separator: "\n")
    }
}
