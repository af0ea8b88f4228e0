/// What a terminal shows after a program's output: a grid of characters, after the parts of ECMA-48 that line editors use.
/// Wide characters take two cells, of which the second is empty.
public struct ScreenEmulator {
    private let columns: Int
    private var lines: [[String]] = [[]]
    private var row = 0
    private var column = 0
    /// The last column is full: the next character begins a new line.
    private var isWrapPending = false
    /// What stands on the usual screen while a program has the other one.
    private var usual: (lines: [[String]], row: Int, column: Int)?

    /// An empty screen of so many columns; its lines are never scrolled away.
    public init(columns: Int) { self.columns = columns }

    /// The lines without blanks at their ends, down to the last that is not empty.
    public var text: String {
        var shown = lines.map { line -> String in
            var text = line.joined()
            while text.last == " " { text.removeLast() }
            return text
        }
        while shown.last == "" { shown.removeLast() }
        return shown.joined(separator: "\n")
    }

    /// Takes output.
    public mutating func write(_ output: String) {
        var scalars = Array(output.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\r": (column, isWrapPending) = (0, false)
            case "\n": lineFeed()
            case "\u{8}": (column, isWrapPending) = (max(0, column - 1), false)
            case "\t": column = min(columns - 1, (column / 8 + 1) * 8)
            case "\u{1B}": escape(&scalars)
            case _ where scalar.value < 0x20: break
            default: put(scalar)
            }
        }
    }

    private mutating func lineFeed() {
        row += 1
        if row == lines.count { lines.append([]) }
        isWrapPending = false
    }

    private mutating func put(_ scalar: UnicodeScalar) {
        if scalar.properties.canonicalCombiningClass != .notReordered {
            if column > 0 { lines[row][column - 1].unicodeScalars.append(scalar) }
            return
        }
        let isWide =
            (0x1100...0x115F).contains(scalar.value) || (0x2E80...0xD7A3).contains(scalar.value)
            || (0xFF00...0xFF60).contains(scalar.value) || (0x1F300...0x1FAFF).contains(scalar.value)
        if isWrapPending || (isWide && column == columns - 1) {
            column = 0
            lineFeed()
        }
        set(String(scalar))
        if isWide { set("") }
        isWrapPending = column == columns
        if isWrapPending { column = columns - 1 }
    }

    private mutating func set(_ cell: String) {
        while lines[row].count <= column { lines[row].append(" ") }
        lines[row][column] = cell
        column += 1
    }

    private mutating func escape(_ scalars: inout ArraySlice<UnicodeScalar>) {
        guard scalars.first == "[" else {
            let first = scalars.popFirst()
            if let first, ["P", "_", "]"].contains(first) { string(first, &scalars) }
            return
        }
        let body = scalars.dropFirst().prefix { !(0x40...0x7E).contains($0.value) }
        let final = scalars.dropFirst(1 + body.count).first
        scalars = scalars.dropFirst(2 + body.count)
        var digits = ""
        digits.unicodeScalars.append(contentsOf: body)
        let number = Int(digits.split(separator: ";").first ?? "") ?? 0
        let count = max(1, number)
        isWrapPending = false
        if digits == "?1049" { return switchScreen(toOther: final == "h") }
        switch final {
        case "A": row = max(0, row - count)
        case "B": for _ in 0..<count where row < lines.count - 1 { row += 1 }
        case "C": column = min(columns - 1, column + count)
        case "D": column = max(0, column - count)
        case "H": (row, column) = (min(count, lines.count) - 1, 0)
        case "G": column = min(columns, count) - 1
        case "K": erase(number)
        case "J":
            erase(0)
            lines.removeSubrange((row + 1)...)
        case "P": if lines[row].count > column { lines[row].removeSubrange(column..<min(lines[row].count, column + count)) }
        case "@": if lines[row].count > column { lines[row].insert(contentsOf: Array(repeating: " ", count: count), at: column) }
        default: break  // colours and modes
        }
    }

    private mutating func switchScreen(toOther: Bool) {
        if toOther, usual == nil {
            usual = (lines, row, column)
            (lines, row, column) = ([[]], 0, 0)
        } else if !toOther, let usual {
            (lines, row, column) = usual
            self.usual = nil
        }
    }

    /// A string for the terminal, up to its end: of a picture it is said what it is.
    private mutating func string(_ kind: UnicodeScalar, _ scalars: inout ArraySlice<UnicodeScalar>) {
        var body = ""
        while let scalar = scalars.popFirst(), scalar != "\u{7}" {
            if scalar == "\u{1B}" {
                scalars = scalars.dropFirst()
                break
            }
            body.unicodeScalars.append(scalar)
        }
        var picture: String?
        if kind == "P", let size = body.prefixMatch(of: /q"1;1;(\d+);(\d+)/) {
            picture = "(sixels: \(size.1)×\(size.2) pixels)"
        } else if kind == "_", let size = body.prefixMatch(of: /Ga=T,f=100,q=2,c=(\d+)/) {
            picture = "(kitty: a PNG over \(size.1) columns)"
        }
        picture?.unicodeScalars.forEach { put($0) }
    }

    private mutating func erase(_ part: Int) {
        if part == 0 { lines[row] = Array(lines[row].prefix(column)) }
        if part == 2 { lines[row] = [] }
        if part == 1 { for index in 0..<min(column + 1, lines[row].count) { lines[row][index] = " " } }
    }
}
