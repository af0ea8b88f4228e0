extension Plot.Series {
    /// More points than this in a row cannot be told apart on any picture that is drawn here.
    static let pointLimit = 8192

    /// The same line with fewer points where there are very many: of each of a few thousand parts of equal length the first, the
    /// least, the greatest and the last value, so that it looks the same. Gaps stay gaps. What is no line from left to right stays as it is.
    public func thinned() -> Plot.Series {
        guard kind == .line, y.count > Self.pointLimit, zip(x, x.dropFirst()).allSatisfy({ $0 <= $1 }) else { return self }
        let parts = Self.pointLimit / 4
        var kept: [Int] = []
        for part in 0..<parts {
            let range = part * y.count / parts..<(part + 1) * y.count / parts
            let known = range.filter { y[$0]?.isFinite == true }
            let least = known.min { (y[$0] ?? 0) < (y[$1] ?? 0) }
            let greatest = known.max { (y[$0] ?? 0) < (y[$1] ?? 0) }
            let gap = known.count < range.count ? range.first { y[$0]?.isFinite != true } : nil
            kept += Set([range.first, least, greatest, gap, range.last].compactMap { $0 }).sorted()
        }
        return Plot.Series(name, x: kept.map { x[$0] }, y: kept.map { y[$0] }, kind: kind)
    }
}
