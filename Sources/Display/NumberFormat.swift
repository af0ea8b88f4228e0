internal import Foundation

extension Double {
    /// At most four digits after the point, without trailing zeros; small values in powers of ten, or they would all look like
    /// zero.
    public var shortText: String {
        guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
        if let whole = Int(exactly: self) { return String(whole) }
        var text = String(format: "%.4f", self)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text == "0" || text == "-0" ? String(format: "%.2e", self) : text
    }
}
