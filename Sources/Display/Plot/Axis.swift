/// What an axis spans.
struct Axis {
    /// From one end to the other. A single value gets room on both sides.
    let range: ClosedRange<Double>
    /// The only value, if there is but one: then no other has a place on the axis.
    let single: Double?
    private let isWhole: Bool

    /// The axis of values; nil without any. Where whole values count something, such as steps, a tick between two of
    /// them would mean nothing.
    init?(_ values: [Double], counts: Bool = false) {
        guard let low = values.min(), let high = values.max() else { return nil }
        isWhole = counts && values.allSatisfy { $0 == $0.rounded() }
        single = low == high ? low : nil
        let room = low < high ? 0 : low == 0 ? 1 : abs(low) * 0.1
        range = (low - room)...(high + room)
    }

    /// About `count` round numbers.
    func ticks(_ count: Int) -> AxisTicks {
        single.map(AxisTicks.init(single:)) ?? AxisTicks(range, count: count, isWhole: isWhole)
    }
}
