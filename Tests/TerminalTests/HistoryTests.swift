import Foundation
import Terminal
import TestSupport
import Testing

struct HistoryTests {
    @Test("entries of several lines survive in the file, the last of equal ones is kept, and only so many")
    func roundTrip() throws {
        let folder = ScratchFolder.url.appending(path: UUID().uuidString)
        let history = HistoryFile(file: folder.appending(path: "deep/history"), limit: 3)
        #expect(try history.load().isEmpty)
        for entry in ["a", "for i = 1, 2 do\n\n  print(i)\nend", "b", "a", "c"] {
            try history.append(entry, time: 1_700_000_000)
        }
        #expect(try history.load() == ["b", "a", "c"])
        let mode = try FileManager.default.attributesOfItem(atPath: history.file.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("a file without time stamps has an entry on each line")
    func plainFile() {
        #expect(HistoryFile.parse("x\n\ny\n") == ["x", "y"])
        #expect(HistoryFile.parse("#12\na\nb\n#13\nc\n") == ["a\nb", "c"])
        #expect(HistoryFile.parse("#1\n#t\n") == ["#t"])
        #expect(HistoryFile.parse("") == [])
    }

    @Test("plain input joins lines until they are complete")
    func plainInput() {
        var lines = ["for", "end", "x"][...]
        let input = PlainInput { lines.popFirst() }
        func next() -> Entry { input.readEntry(prompt: "", continuation: "") { $0 == "for" } }
        #expect(next() == .text("for\nend"))
        #expect(next() == .text("x"))
        #expect(next() == .end)
    }
}
