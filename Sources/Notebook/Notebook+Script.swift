internal import Foundation

/// What tells one version of a file from another without reading it.
struct FileStamp: Equatable {
    private let date: Date?
    private let size: Int?

    /// Nil when there is no such file.
    init?(_ path: String) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
        date = attributes[.modificationDate] as? Date
        size = attributes[.size] as? Int
    }
}

/// The open script and its file.
extension Notebook {
    /// Opens a script, or a newer version of it: cells whose text is the same keep their states, changed ones are stale.
    public func open(_ newScript: Script) { _ = replaceScript(newScript) }

    /// How the new version differs from the one before; nil when it is another script.
    func replaceScript(_ newScript: Script) -> CellRuns.Change? {
        scriptStamp = newScript.path.flatMap { FileStamp($0) }
        defer { script = newScript }
        guard let old = script, old.path == newScript.path else {
            runs.forget()
            return nil
        }
        return runs.carry(from: old.codeCells, to: newScript.codeCells)
    }

    /// Takes over what an editor has written into the script's file since it was read, and says so.
    func followFile() {
        guard let path = script?.path, let before = scriptStamp, let now = FileStamp(path), now != before else { return }
        do {
            let newScript = try Script(contentsOf: path)
            guard newScript.lines != script?.lines else {
                scriptStamp = now
                return
            }
            guard let change = replaceScript(newScript) else { return }
            view.note(view.paint("\(path) has changed on disk: \(Self.text(change))", .warning) + "\n")
        } catch {
            scriptStamp = now  // told once
            view.note(view.paint("\(path) has changed on disk and cannot be read: \(error)", .warning) + "\n")
        }
    }

    static func text(_ change: CellRuns.Change) -> String {
        func cells(_ numbers: [Int]) -> String {
            (numbers.count == 1 ? "cell " : "cells ") + numbers.map(String.init).joined(separator: ", ")
        }
        var parts: [String] = []
        if !change.changed.isEmpty { parts.append("\(cells(change.changed)) changed") }
        if !change.added.isEmpty { parts.append("\(cells(change.added)) new") }
        if change.removed > 0 { parts.append("\(change.removed) gone") }
        return parts.isEmpty ? "no code cell differs" : parts.joined(separator: ", ")
    }
}
