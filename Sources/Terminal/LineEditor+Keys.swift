internal import CReadline
internal import Display

/// What Enter, Tab and the arrow keys do beyond what readline knows: entries of several lines, and hints.
extension LineEditor {
    private typealias Key = @convention(c) (Int32, Int32) -> Int32

    private static let enter: Key = { _, key in unsafe current?.enter(key) ?? 0 }
    private static let newline: Key = { _, _ in
        unsafe editor_insert("\n")
        return 0
    }
    private static let tab: Key = { _, key in unsafe current?.tab(key) ?? 0 }
    private static let up: Key = { _, key in unsafe current?.step(isUp: true, key) ?? 0 }
    private static let down: Key = { _, key in unsafe current?.step(isUp: false, key) ?? 0 }

    private static let home: Key = { _, _ in unsafe current?.toEdge(isEnd: false) ?? 0 }
    private static let end: Key = { _, _ in unsafe current?.toEdge(isEnd: true) ?? 0 }

    static var keys: editor_keys {
        editor_keys(enter: enter, newline: newline, tab: tab, up: up, down: down, home: home, end: end)
    }

    /// The line that readline edits.
    private var buffer: [UInt8] { unsafe Array(String(cString: editor_buffer()).utf8) }

    /// All of the entry before the cursor.
    var textBeforeCursor: String { earlierLines + String(decoding: buffer.prefix(Int(editor_point())), as: UTF8.self) }

    /// Accepts the entry, or begins another line of it. A terminal that cannot move up gets a prompt for each line instead.
    private func enter(_ key: Int32) -> Int32 {
        guard editor_can_move_up() != 0, isIncomplete(String(decoding: buffer, as: UTF8.self)) else { return rl_newline(1, key) }
        unsafe editor_insert("\n")
        return 0
    }

    /// Up and Down go through the lines of an entry first, then through the history: all of it from an empty line, else the
    /// entries that begin with what stands before the cursor.
    private func step(isUp: Bool, _ key: Int32) -> Int32 {
        let goesOn = searchLength != nil && (editor_last_was(Self.up) != 0 || editor_last_was(Self.down) != 0)
        if !goesOn { searchLength = nil }
        let (bytes, point) = (buffer, Int(editor_point()))
        if (searchLength ?? 0) == 0, let place = Self.place(in: bytes, from: point, isUp: isUp) {
            editor_move_to(Int32(place))
            return 0
        }
        if !goesOn { searchLength = point }
        return editor_search(isUp ? 1 : 0, goesOn ? 1 : 0, key)
    }

    /// To the start or the end of the cursor's line.
    private func toEdge(isEnd: Bool) -> Int32 {
        let (bytes, point) = (buffer, Int(editor_point()))
        let newline = UInt8(ascii: "\n")
        let edge =
            isEnd
            ? bytes[point...].firstIndex(of: newline) ?? bytes.count
            : bytes[..<point].lastIndex(of: newline).map { $0 + 1 } ?? 0
        editor_move_to(Int32(edge))
        return 0
    }

    /// The place on the line above or below with as many characters before it; nil when there is no such line.
    static func place(in bytes: [UInt8], from point: Int, isUp: Bool) -> Int? {
        let newline = UInt8(ascii: "\n")
        func start(_ end: Int) -> Int { bytes[..<end].lastIndex(of: newline).map { $0 + 1 } ?? 0 }
        let lineStart = start(point)
        let column = bytes[lineStart..<point].count { $0 & 0xC0 != 0x80 }
        let target: Int
        if isUp {
            guard lineStart > 0 else { return nil }
            target = start(lineStart - 1)
        } else {
            guard let end = bytes[point...].firstIndex(of: newline) else { return nil }
            target = end + 1
        }
        var place = target
        for _ in 0..<column where place < bytes.count && bytes[place] != newline {
            place += 1
            while place < bytes.count, bytes[place] & 0xC0 == 0x80 { place += 1 }
        }
        return place
    }

    /// Completes, or tells what may stand here; at the start of a line it indents.
    private func tab(_ key: Int32) -> Int32 {
        let text = textBeforeCursor
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
        if text.contains("\n"), line.allSatisfy(\.isWhitespace) {
            unsafe editor_insert("  ")
            return 0
        }
        let isRepeated = editor_last_was(Self.tab) != 0
        completion = complete(text)
        if let hint = completion.hint, completion.candidates.isEmpty || (completion.showsHintFirst && !isRepeated) {
            // The options of a large call would fill the screen.
            let lines = TextWrap.prose(hint, width: TerminalSize.current().columns - 2).split(separator: "\n")
            let shown = lines.prefix(3).joined(separator: "\n") + (lines.count > 3 ? "…" : "")
            showAbovePrompt(style.paint(shown, .gray))
            return 0
        }
        return editor_complete(isRepeated ? 1 : 0, key)
    }
}
