/// Dots of several curves on a grid of characters.
struct PlotCanvas {
    let columns: Int
    let rows: Int
    let marks: Plot.Marks
    private var bits: [UInt8]
    private var letters: [Character?]
    private var colors: [Style.Attribute?]
    private var letter: Character = "*"
    private var color = Style.Attribute.cyan

    init(columns: Int, rows: Int, marks: Plot.Marks) {
        (self.columns, self.rows, self.marks) = (columns, rows, marks)
        bits = Array(repeating: 0, count: columns * rows)
        letters = Array(repeating: nil, count: columns * rows)
        colors = Array(repeating: nil, count: columns * rows)
    }

    var dotColumns: Int { marks == .braille ? columns * 2 : columns }
    var dotRows: Int { marks == .braille ? rows * 4 : rows }

    mutating func begin(_ letter: Character, _ color: Style.Attribute) {
        (self.letter, self.color) = (letter, color)
    }

    mutating func set(_ x: Int, _ y: Int) {
        let cell = marks == .braille ? (y / 4) * columns + x / 2 : y * columns + x
        // The dot numbers of Unicode's braille patterns, by row and column.
        if marks == .braille {
            bits[cell] |= [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]][y % 4][x % 2]
        }
        letters[cell] = letter
        colors[cell] = color
    }

    /// Bresenham's line.
    mutating func line(_ from: (x: Int, y: Int), _ to: (x: Int, y: Int)) {
        var (x, y) = from
        let (dx, dy) = (abs(to.x - x), -abs(to.y - y))
        var error = dx + dy
        while true {
            set(x, y)
            if (x, y) == to { return }
            let twice = 2 * error
            if twice >= dy {
                error += dy
                x += x < to.x ? 1 : -1
            }
            if twice <= dx {
                error += dx
                y += y < to.y ? 1 : -1
            }
        }
    }

    func text(_ row: Int, _ style: Style) -> String {
        (0..<columns).map { column in
            let cell = row * columns + column
            guard let letter = letters[cell], let color = colors[cell] else { return " " }
            let mark = marks == .ascii ? letter : Character(Unicode.Scalar(0x2800 + UInt32(bits[cell])) ?? " ")
            return style.paint(String(mark), color)
        }.joined()
    }
}
