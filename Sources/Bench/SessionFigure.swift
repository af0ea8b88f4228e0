/// A figure of the interactive session beside what it should stay under.
package struct SessionFigure: Sendable, Equatable {
    /// The name in JSON; its end is the unit.
    package var name: String
    /// What was measured, in a few words.
    package var title: String
    /// The unit: `ms`, or `%` of a core.
    package var unit: String
    /// Each measurement.
    package var values: [Double]
    /// What the median should not exceed.
    package var bound: Double

    /// Whether the median is within the bound; nil without a measurement.
    package var isWithinBound: Bool? { Spread(values).map { $0.median <= bound } }

    /// A figure by its parts.
    package init(name: String, title: String, unit: String = "ms", values: [Double], bound: Double) {
        (self.name, self.title, self.unit, self.values, self.bound) = (name, title, unit, values, bound)
    }
}
