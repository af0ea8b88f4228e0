internal import Foundation

/// What an axis spans, and where values stand along it.
struct Axis {
    /// The only value, if there is but one: then no other has a place on the axis.
    let single: Double?
    /// From one end to the other, in powers of ten on a logarithmic axis. A single value gets room on both sides.
    private let range: ClosedRange<Double>
    private let scale: Plot.Scale
    private let isWhole: Bool

    /// The axis of values; nil without any. Where whole values count something, such as steps, a tick between two of
    /// them would mean nothing.
    init?(_ values: [Double], scale: Plot.Scale = .linear, counts: Bool = false) {
        let values = scale == .log ? values.filter { $0 > 0 } : values
        guard let low = values.min(), let high = values.max() else { return nil }
        self.scale = scale
        isWhole = counts && values.allSatisfy { $0 == $0.rounded() }
        single = low == high ? low : nil
        if scale == .log {
            let room = low < high ? 0 : 0.5
            range = (log10(low) - room)...(log10(high) + room)
        } else {
            let room = low < high ? 0 : low == 0 ? 1 : abs(low) * 0.1
            range = (low - room)...(high + room)
        }
    }

    /// Where a value stands, from 0 at the beginning to 1 at the end.
    func fraction(_ value: Double) -> Double {
        let place = scale == .log ? log10(value) : value
        return (place - range.lowerBound) / (range.upperBound - range.lowerBound)
    }

    /// About `count` round numbers.
    func ticks(_ count: Int) -> AxisTicks {
        if let single { return AxisTicks(single: single) }
        return scale == .log ? AxisTicks(powers: range, count: count) : AxisTicks(range, count: count, isWhole: isWhole)
    }
}
