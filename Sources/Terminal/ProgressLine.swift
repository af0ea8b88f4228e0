public import Display
internal import Foundation

/// The state of a piece of work and its one-line picture.
public struct ProgressLine: Sendable, Equatable {
    /// A figure that changes while the work goes on.
    public struct Figure: Sendable, Equatable {
        /// What it is called.
        public var name: String
        /// Its course so far, the oldest value first.
        public var values: [Double]

        /// A figure's course.
        public init(name: String, values: [Double]) { (self.name, self.values) = (name, values) }

        var latest: String { values.last.map { (($0 * 1e4).rounded() / 1e4).shortText } ?? "" }
    }

    /// What is being done.
    public var label: String
    /// How much is done, in `unit`s.
    public var completed: Double
    /// How much there is, if known.
    public var total: Double?
    /// What is counted: `step`, `token`, `B` for bytes.
    public var unit: String
    /// What else is worth a glance.
    public var detail: String
    /// Figures such as the loss.
    public var figures: [Figure]
    /// When the work began, in seconds of any clock.
    public var start: Double
    /// How much was done at the beginning (resumed work), which must not count into the rate.
    public var initial: Double
    /// When the last news came.
    public var lastEvent: Double

    /// News older than this, in seconds, are called a stall.
    public static let stallAge = 10.0

    /// Work that begins now.
    public init(label: String, completed: Double = 0, total: Double? = nil, unit: String = "step", start: Double) {
        self.label = label
        self.completed = completed
        self.initial = completed
        self.total = total
        self.unit = unit
        self.detail = ""
        self.figures = []
        self.start = start
        self.lastEvent = start
    }

    /// Whether there is nothing to tell but that work goes on.
    var isSilent: Bool { total == nil && completed == 0 && detail.isEmpty }

    /// The picture in several lines of at most `width` columns: how far the work is, and below it each figure with its course.
    public func lines(now: Double, width: Int, style: Style = .plain) -> [String] {
        let names = min(width / 3, figures.map { DisplayWidth.of($0.name) }.max() ?? 0)
        let numbers = figures.map(\.latest.count).max() ?? 0
        let room = min(60, width - names - numbers - 5)
        return [text(now: now, width: width, style: style, hasFigures: false)]
            + figures.map { figure in
                let name = DisplayWidth.padded(DisplayWidth.truncated(figure.name, to: names), to: names)
                let hasCourse = room >= 4 && figure.values.count > 1
                let course = hasCourse ? "  " + style.paint(Sparkline.text(figure.values, width: room), .cyan) : ""
                return DisplayWidth.truncated(
                    "  \(name) \(DisplayWidth.leftPadded(figure.latest, to: numbers))\(course)", to: width)
            }
    }

    /// The line at the time `now`, at most `width` columns; with a bar when `hasBar`, with the figures' latest values when
    /// `hasFigures`.
    public func text(now: Double, width: Int = 100, hasBar: Bool = true, style: Style = .plain, hasFigures: Bool = true) -> String {
        let elapsed = max(0, now - start)
        var parts: [String] = []
        if let total, total > 0 {
            let fraction = min(1, max(0, completed / total))
            if hasBar { parts.append(bar(fraction, width: 20, style)) }
            parts.append(String(format: "%3.0f%%", (fraction * 100).rounded(.down)))
            parts.append("\(amount(completed))/\(amount(total))\(unit == "B" ? "" : " " + plural(total))")
        } else if completed > 0 {
            parts.append("\(amount(completed))\(unit == "B" ? "" : " " + plural(completed))")
        }
        let rate = elapsed > 0 ? (completed - initial) / elapsed : 0
        if rate > 0 { parts.append(rateText(rate)) }
        parts.append(Self.duration(elapsed))
        if let total, rate > 0, completed < total { parts.append("ETA \(Self.duration((total - completed) / rate))") }
        if !detail.isEmpty { parts.append(detail) }
        if hasFigures { parts += figures.filter { !$0.values.isEmpty }.map { "\($0.name) \($0.latest)" } }
        let age = now - lastEvent
        // Work that never tells how far it is cannot stall.
        if age >= Self.stallAge, total != nil || completed > 0 { parts.append(style.paint("stalled \(Self.duration(age))", .yellow)) }
        return DisplayWidth.truncated("\(label): " + parts.joined(separator: "  "), to: width)
    }

    /// A duration such as `0.4 s`, `12 s`, `3:07` or `1:02:03`.
    public static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 360_000_000 else { return "?" }
        if seconds < 9.95 { return String(format: "%.1f s", max(0, seconds)) }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return String(format: "%d:%02d", whole / 60, whole % 60) }
        return String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
    }

    private func bar(_ fraction: Double, width: Int, _ style: Style) -> String {
        let eighths = Int((fraction * Double(width * 8)).rounded(.down))
        let full = String(repeating: "█", count: eighths / 8)
        let part = eighths % 8 == 0 ? "" : String(["▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8 - 1])
        return "▕" + style.paint(DisplayWidth.padded(full + part, to: width), .cyan) + "▏"
    }

    private func plural(_ count: Double) -> String { count == 1 ? unit : unit + "s" }

    private func amount(_ value: Double) -> String {
        guard unit == "B" else { return String(format: "%.0f", value) }
        let (scaled, prefix) = Self.scaled(value)
        return String(format: prefix.isEmpty ? "%.0f B" : "%.1f \(prefix)B", scaled)
    }

    private func rateText(_ rate: Double) -> String {
        if unit == "B" { return amount(rate) + "/s" }
        if rate < 0.1 { return "\(Self.duration(1 / rate))/\(unit)" }
        return String(format: rate < 10 ? "%.2f" : "%.0f", rate) + " \(unit)s/s"
    }

    private static func scaled(_ value: Double) -> (Double, String) {
        for (limit, prefix) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where value >= limit {
            return (value / limit, prefix)
        }
        return (value, "")
    }
}
