/// The course of some numbers in one line of text.
public enum Sparkline {
    /// The last `width` values as blocks of eight heights between the least and the greatest; a value that is no number is a blank.
    public static func text(_ values: [Double], width: Int = 20) -> String {
        let shown = values.suffix(width)
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
}
