import Glibc

/// Numbers as text, for summaries. Not the C library's formatting, which depends on the locale.
enum NumberText {
    /// A number with a fixed count of decimals, for instance `-0.5000`.
    static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return special(value) }
        let scale = pow(10, Double(decimals))
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 1e15 else { return String(value) }
        let digits = String(Int(scaled))
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + padded }
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    /// A number with up to four significant digits, for instance `0.002` or `1.5e-7`.
    static func short(_ value: Double, digits: Int = 4) -> String {
        guard value.isFinite else { return special(value) }
        guard value != 0 else { return "0" }
        let exponent = Int(log10(abs(value)).rounded(.down))
        if (-4..<7).contains(exponent) { return trimmed(fixed(value, decimals: max(0, digits - 1 - exponent))) }
        return trimmed(fixed(value / pow(10, Double(exponent)), decimals: digits - 1)) + "e\(exponent)"
    }

    /// A number with up to seven significant digits, as many as float32 holds.
    static func significant(_ value: Double) -> String { short(value, digits: 7) }

    /// A size, for instance `12 B` or `7.0 MiB`.
    static func bytes(_ count: Int) -> String {
        var size = Double(count)
        for unit in ["B", "KiB", "MiB"] {
            if size < 1024 { return (unit == "B" ? String(count) : fixed(size, decimals: 1)) + " " + unit }
            size /= 1024
        }
        return fixed(size, decimals: 1) + " GiB"
    }

    private static func special(_ value: Double) -> String {
        value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
    }

    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        let digits = text.reversed().drop { $0 == "0" }
        return String((digits.first == "." ? digits.dropFirst() : digits).reversed())
    }
}
