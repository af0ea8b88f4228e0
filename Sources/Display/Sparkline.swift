/// The course of some numbers in one line of text.
public enum Sparkline {
    /// All values as at most `width` blocks of eight heights between the least and the greatest; where there are more values than
    /// blocks, each block is the mean of its share. A value that is no number is a blank.
    public static func text(_ values: [Double], width: Int = 20) -> String {
        let shown = means(values, count: max(1, width))
        let finite = shown.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max() else { return "" }
        let blocks = Array("▁▂▃▄▅▆▇█")
        return String(
            shown.map { value in
                guard value.isFinite else { return " " }
                let fraction = low < high ? (value - low) / (high - low) : 0.5
                return blocks[min(7, Int(fraction * 8))]
            })
    }

    private static func means(_ values: [Double], count: Int) -> [Double] {
        guard values.count > count else { return values }
        return (0..<count).map { index in
            let share = values[(index * values.count / count)..<((index + 1) * values.count / count)].filter(\.isFinite)
            return share.isEmpty ? .nan : share.reduce(0, +) / Double(share.count)
        }
    }
}
