internal import CReadline
internal import Foundation

/// How readline asks for what a Tab offers, and shows it.
extension LineEditor {
    /// The matches as a C array that readline frees, the first their common prefix. Readline replaces what it takes for the word,
    /// which may begin later or earlier than the completer's.
    static func attemptCompletion(_ start: Int32, _ end: Int32) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        guard let editor = unsafe current else { return nil }
        editor_end_completion()
        let list = editor.completion
        guard !list.candidates.isEmpty else { return nil }
        let own = Array(list.word.utf8)
        let readlines = Int(end - start)
        let line = Array(editor.textBeforeCursor.utf8)
        let missing = readlines > own.count ? Array(line.dropLast(own.count).suffix(readlines - own.count)) : []
        let surplus = max(0, own.count - readlines)
        let isOnly = list.candidates.count == 1
        var matches = list.candidates.map { missing + Array(($0.text + (isOnly ? $0.suffix : "")).utf8).dropFirst(surplus) }
        if !isOnly {
            let prefix = matches.dropFirst().reduce(matches[0]) { common, match in
                zip(common, match).prefix { $0 == $1 }.map(\.0)
            }
            matches.insert(String(decoding: prefix, as: UTF8.self).utf8.count == prefix.count ? prefix : own, at: 0)
        }
        return unsafe Self.array(matches)
    }

    private static func array(_ matches: [[UInt8]]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        let size = unsafe (matches.count + 1) * MemoryLayout<UnsafeMutablePointer<CChar>?>.stride
        guard let memory = unsafe malloc(size) else { return nil }
        let array = unsafe memory.bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: matches.count + 1)
        for (index, match) in matches.enumerated() { unsafe array[index] = unsafe strdup(String(decoding: match, as: UTF8.self)) }
        unsafe array[matches.count] = nil
        return unsafe array
    }

    /// Lists what readline would list, in our own form.
    static func listCompletions() {
        guard let editor = unsafe current else { return }
        let size = TerminalSize.current()
        let lines = editor.completion.listing(columns: size.columns - 1, rows: max(4, size.rows - 4), style: editor.style)
        write("\n" + lines.joined(separator: "\n") + "\n")
        editor_show()
    }
}
