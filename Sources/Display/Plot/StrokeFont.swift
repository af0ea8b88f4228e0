/// A plain font of strokes, for pictures that cannot rely on the fonts of a viewer.
enum StrokeFont {
    typealias Point = (x: Double, y: Double)

    /// The width of a line of text, also a fair guess for the sans-serif fonts of browsers.
    static func width(_ text: String, size: Double) -> Double {
        text.reduce(0) { $0 + advance($1) } * size * unit
    }

    /// The strokes of a line of text that begins at the origin, y downwards, the baseline at 0. A stroke of one place is a dot.
    static func strokes(_ text: String, size: Double) -> [[Point]] {
        var left = 0.0
        var result: [[Point]] = []
        for character in text {
            for stroke in parsed(character) {
                result.append(stroke.map { ((left + $0.x) * size * unit, (2 - $0.y) * size * unit) })
            }
            left += advance(character)
        }
        return result
    }

    /// A capital letter is six units high and 0.72 of the size.
    private static let unit = 0.12

    private static func advance(_ character: Character) -> Double {
        if character == " " { return 2.6 }
        let right = parsed(character).joined().map(\.x).max() ?? 3
        return right + 1.7
    }

    private static func parsed(_ character: Character) -> [[Point]] {
        let text = glyphs[character] ?? "0208383202"
        return text.split(separator: " ").map { stroke in
            let isRound = stroke.first == "~"
            let digits = stroke.drop { $0 == "~" }.compactMap(\.wholeNumberValue).map(Double.init)
            let points = stride(from: 0, to: digits.count - 1, by: 2).map { (x: digits[$0], y: digits[$0 + 1]) }
            return isRound ? rounded(rounded(points)) : points
        }
    }

    /// Chaikin's corner cutting; the ends of an open stroke stay.
    private static func rounded(_ points: [Point]) -> [Point] {
        guard points.count > 2, let first = points.first, let last = points.last else { return points }
        let isClosed = first == last
        var result: [Point] = isClosed ? [] : [first]
        for (from, to) in zip(points, points.dropFirst()) {
            result.append((0.75 * from.x + 0.25 * to.x, 0.75 * from.y + 0.25 * to.y))
            result.append((0.25 * from.x + 0.75 * to.x, 0.25 * from.y + 0.75 * to.y))
        }
        result.append(isClosed ? result[0] : last)
        return result
    }

    /// Strokes as places of two digits, x and y: the baseline is at 2, small letters reach to 6, capitals to 8. A tilde marks a
    /// round stroke.
    private static let glyphs: [Character: String] = [
        " ": "",
        "0": "~120307183847433212", "1": "172822 1232", "2": "~07183847463502 0242", "3": "~07183847463525 ~253544433212",
        "4": "32380444", "5": "480805 ~05163645433212", "6": "~473818070312324344351504", "7": "084812",
        "8": "~2515060718384746351504031232434435", "9": "~031232434738180706153546",
        "A": "022842 1434", "B": "0802 ~083847463505 ~053544433202", "C": "~4738180703123243", "D": "0802 ~082847432202",
        "E": "48080242 0535", "F": "480802 0535", "G": "~473818070312324345 4525", "H": "0802 4842 0545", "I": "2228 1232 1838",
        "J": "~3833221203", "K": "0802 4805 1542", "L": "080242", "M": "0208254842", "N": "02084248",
        "O": "~120307183847433212", "P": "0208 ~083847463505", "Q": "~120307183847433212 3342", "R": "0208 ~083847463505 2542",
        "S": "~473818070615354443321203", "T": "0848 2822", "U": "~080312324348", "V": "082248", "W": "0812273248",
        "X": "0842 0248", "Y": "082548 2522", "Z": "08480242",
        "a": "~352616050312223335 3632", "b": "0802 ~0516263533221203", "c": "~3526160503122233", "d": "3832 ~3526160503122233",
        "e": "0434 ~343526160503122233", "f": "~382817 1712 0626", "g": "3631 ~31201001 ~3526160503122233", "h": "0802 ~0516263532",
        "i": "0602 08", "j": "1611 ~1100 18", "k": "0802 3604 1432", "l": "0802", "m": "0602 ~05162522 ~25364542",
        "n": "0602 ~0516263532", "o": "~120305162635332212", "p": "0600 ~0516263533221203", "q": "3630 ~3526160503122233",
        "r": "0602 ~051626", "s": "~35261605142433221203", "t": "1813 ~132232 0626", "u": "~0603122233 3632", "v": "062246",
        "w": "0612263246", "x": "0632 0236", "y": "0622 4610", "z": "06360232",
        ".": "02", ",": "1201", ":": "05 02", ";": "05 1201", "-": "0424", "−": "0424", "–": "0434", "+": "0444 2622",
        "=": "0535 0333", "/": "0138", "\\": "0831", "_": "0141", "(": "~18060412", ")": "~08161402", "[": "18080212", "]": "08181202",
        "{": "~2818161505 ~0515141222", "}": "~0818161525 ~2515141202", "%": "0248 ~0818170708 ~3343423233", "*": "2723 0644 0446",
        "#": "1218 3238 0444 0646", "!": "0804 02", "?": "~0718283736251424 12", "'": "0807", "\"": "0807 1817", "<": "360432",
        ">": "063402", "|": "0800", "~": "~04152435", "^": "061826", "&": "~4312030437281807420", "@": "~43321203071838474434252435",
        "$": "~473818070615354443321203 2921", "`": "0817", "…": "02 22 42", "×": "0333 0633", "±": "0545 2723 0242",
        "°": "~081817070818",
    ]
}
