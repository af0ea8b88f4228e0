internal import Foundation

/// Round numbers along an axis.
struct AxisTicks {
    /// The values, ascending, all inside the range they were made for.
    let values: [Double]
    /// How many decimals tell neighbours apart.
    let decimals: Int

    /// One value, with four digits of it.
    init(single value: Double) {
        values = [value]
        let digits = value == 0 ? 0 : 3 - Int(floor(log10(abs(value))))
        decimals = value == value.rounded() ? 0 : max(0, digits)
    }

    /// About `count` multiples of 1, 2 or 5 times a power of ten within the range, whole numbers only if asked for.
    init(_ range: ClosedRange<Double>, count: Int, isWhole: Bool = false) {
        let span = range.upperBound - range.lowerBound
        guard span > 0, span.isFinite else {
            values = [range.lowerBound]
            decimals = 3
            return
        }
        let raw = span / Double(max(1, count))
        let power = pow(10, floor(log10(raw)))
        let round = ([1.0, 2, 5, 10].first { $0 * power >= raw * 0.999 } ?? 10) * power
        let step = isWhole ? max(1, round) : round
        let first = (range.lowerBound / step - 1e-9).rounded(.up)
        let last = (range.upperBound / step + 1e-9).rounded(.down)
        values = first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : [range.lowerBound]
        decimals = max(0, -Int(floor(log10(step) + 1e-9)))
    }

    /// Powers of ten between those of a range; where it holds few, also their multiples by 2 and 5.
    init(powers range: ClosedRange<Double>, count: Int) {
        let first = Int((range.lowerBound - 1e-9).rounded(.up))
        let last = Int((range.upperBound + 1e-9).rounded(.down))
        if last - first >= 2 {
            let step = max(1, (last - first + max(1, count) - 1) / max(1, count))
            values = stride(from: first, through: last, by: step).map { pow(10, Double($0)) }
        } else {
            let inside = (first - 1...last + 1).flatMap { power in [1.0, 2, 5].map { $0 * pow(10, Double(power)) } }
                .filter { range.contains(log10($0)) }
            values = inside.count > 1 ? inside : AxisTicks(pow(10, range.lowerBound)...pow(10, range.upperBound), count: count).values
        }
        decimals = 6
    }

    /// A tick's text.
    func label(_ value: Double) -> String {
        if decimals > 5, abs(value) < 1e6, let whole = Int(exactly: value) { return String(whole) }
        let magnitude = values.map(abs).max() ?? 0
        if magnitude >= 1e6 || decimals > 5 { return String(format: "%.4g", value) }
        return String(format: "%.*f", decimals, value == 0 ? 0 : value)
    }
}
