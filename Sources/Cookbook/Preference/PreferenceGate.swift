import Foundation

/// What a preference model must reach on held-out comparisons before it may serve as a reward.
public struct PreferenceGate: Sendable, Equatable, Codable {
    /// The least share of right answers, the two orders averaged.
    public var minAccuracy: Double
    /// The least share of comparisons where both orders agree. A model that scores single replies always agrees with
    /// itself.
    public var minOrderAgreement: Double

    /// A gate; better than a coin by a clear margin unless told otherwise.
    public init(minAccuracy: Double = 0.6, minOrderAgreement: Double = 0.6) {
        self.minAccuracy = minAccuracy
        self.minOrderAgreement = minOrderAgreement
    }

    /// What the gate says of a model.
    public struct Verdict: Sendable, Equatable, Codable {
        /// Whether the model may serve as a reward.
        public var passed: Bool
        /// What falls short, with the numbers; empty when passed.
        public var reasons: [String]
        /// The figures that were judged.
        public var report: PreferenceReport
    }

    /// Holds a model's figures against the gate.
    public func judge(_ report: PreferenceReport, kind: PreferenceModelKind) -> Verdict {
        func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
        var reasons: [String] = []
        if report.count == 0 {
            reasons.append("there are no held-out comparisons with a winner")
        } else {
            if report.bothOrderAccuracy < minAccuracy {
                reasons.append(
                    "it names the better of two held-out replies in \(percent(report.bothOrderAccuracy)) of "
                        + "\(report.count) pairs, at least \(percent(minAccuracy)) are asked for")
            }
            if kind == .comparator, report.orderAgreement < minOrderAgreement {
                reasons.append(
                    "its two orders agree in \(percent(report.orderAgreement)) of pairs, at least "
                        + "\(percent(minOrderAgreement)) are asked for (position bias \(percent(report.positionBias)))")
            }
        }
        return Verdict(passed: reasons.isEmpty, reasons: reasons, report: report)
    }
}
