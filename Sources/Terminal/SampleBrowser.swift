public import Display

/// Looking through samples by keys: pages, order, search. What it shows and does without a terminal, so that tests can press keys.
public struct SampleBrowser: Sendable {
    private let all: SampleList
    private var found: SampleList
    private var order = SampleList.Order.sampled
    private var wanted = ""
    /// What is being typed after a slash.
    private var typing: String?
    private var first = 0
    private var isFull = false
    private var pages: [Int] = []
    private let style: Style

    /// A browser at the beginning of a list.
    public init(_ list: SampleList, style: Style = .plain) {
        all = list
        found = list
        self.style = style
    }

    /// Takes keys as a terminal sends them, several at once when they come fast. False when the user leaves.
    public mutating func press(_ keys: [UInt8], rows: Int, columns: Int) -> Bool {
        var rest = keys[...]
        while !rest.isEmpty {
            let key = Array(rest.prefix(Self.length(rest, isText: typing != nil)))
            rest = rest.dropFirst(key.count)
            guard typing != nil ? type(key) : press(key: key, rows: rows, columns: columns) else { return false }
        }
        return true
    }

    /// How many bytes the first key has: a control sequence's, or one; text that is being typed is taken in one piece.
    private static func length(_ keys: ArraySlice<UInt8>, isText: Bool) -> Int {
        if keys.starts(with: [0x1B, UInt8(ascii: "[")]) {
            let final = keys.dropFirst(2).firstIndex { (0x40...0x7E).contains($0) }
            return final.map { $0 - keys.startIndex + 1 } ?? keys.count
        }
        return isText ? max(1, keys.prefix { $0 >= 0x20 && $0 != 0x7F }.count) : 1
    }

    private mutating func press(key: [UInt8], rows: Int, columns: Int) -> Bool {
        switch String(decoding: key, as: UTF8.self) {
        case "q", "\u{3}", "\u{4}", "\u{1B}": return false
        case " ", "j", "\r", "\u{1B}[B", "\u{1B}[6~", "\u{1B}[C":
            let next = end(rows: rows, columns: columns)
            guard next < found.samples.count else { return true }
            pages.append(first)
            first = next
        case "k", "b", "\u{1B}[A", "\u{1B}[5~", "\u{1B}[D": first = pages.popLast() ?? 0
        case "g", "\u{1B}[H": begin()
        case "s":
            order = order == .sampled ? .best : order == .best ? .worst : .sampled
            find()
        case "f": isFull.toggle()
        case "/": typing = ""
        default: break
        }
        return true
    }

    private mutating func type(_ keys: [UInt8]) -> Bool {
        guard var text = typing else { return true }
        switch keys {
        case [13], [10]:
            wanted = text
            typing = nil
            find()
            return true
        case [27], [3]:
            typing = nil
            return true
        case [127], [8]: if !text.isEmpty { text.removeLast() }
        default: text += String(decoding: keys, as: UTF8.self).filter { !$0.unicodeScalars.contains { $0.value < 32 } }
        }
        typing = text
        return true
    }

    private mutating func find() {
        found = all.containing(wanted).sorted(order)
        begin()
    }

    private mutating func begin() {
        first = 0
        pages = []
    }

    // MARK: The screen

    /// The lines of the screen, of which there are `rows`.
    public func screen(rows: Int, columns: Int) -> [String] {
        var lines = [style.paint(DisplayWidth.truncated(heading, to: columns), .bold)]
        for index in first..<max(first, end(rows: rows, columns: columns)) { lines += block(index, rows: rows, columns: columns) }
        if found.samples.isEmpty { lines.append("nothing found") }
        while lines.count < rows - 1 { lines.append("") }
        let footer = typing.map { "search: \($0)" } ?? keys(columns)
        return Array(lines.prefix(rows - 1)) + [style.paint(DisplayWidth.truncated(footer, to: columns), .gray)]
    }

    private func keys(_ columns: Int) -> String {
        let long = "space next  b back  s order: \(order.rawValue)  / search  f \(isFull ? "several" : "one in full")  q leave"
        // How one leaves has to be seen.
        return DisplayWidth.of(long) <= columns ? long : "space b  s \(order.rawValue)  / f \(isFull ? "several" : "full")  q leave"
    }

    private var heading: String {
        let title = found.title.isEmpty ? "" : found.title + ": "
        let place = found.samples.isEmpty ? "" : "  from \(first + 1)"
        return title + found.summary + (wanted.isEmpty ? "" : "  containing \"\(wanted)\"") + place
    }

    /// The index after the last sample that fits.
    private func end(rows: Int, columns: Int) -> Int {
        if isFull { return min(first + 1, found.samples.count) }
        var room = rows - 2
        var index = first
        while index < found.samples.count {
            room -= block(index, rows: rows, columns: columns).count
            guard room >= 0 || index == first else { break }
            index += 1
        }
        return index
    }

    private func block(_ index: Int, rows: Int, columns: Int) -> [String] {
        TextRenderer(width: columns, style: style)
            .text(found.samples[index], number: index + 1, lineLimit: isFull ? rows - 5 : nil)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
