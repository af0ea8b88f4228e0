internal import Display
internal import Foundation
internal import LuaRuntime

/// `repl.attach`: cells that an editor sends to the session.
extension Notebook {
    /// Listens for cells at a path, or the standard one.
    func attach(_ path: String) throws {
        let path = path.isEmpty ? AttachPath.standard(environment: ProcessInfo.processInfo.environment) : path
        if cellServer?.path == path { return view.note("listening for cells at \(path)\n") }
        do {
            try AttachPath.makeFolder(for: path)
        } catch {
            throw NotebookError.notAttached(path: path, reason: error.localizedDescription)
        }
        let mailbox = state.mailbox
        cellServer = try CellServer(path: path) { mailbox.wake() }
        view.note("listening for cells at \(path)\n")
    }

    /// Stops listening for cells.
    public func detach() {
        cellServer?.close()
        cellServer = nil
    }

    /// Runs the cells that have been sent, unless something runs: a sent cell never gets into the middle of another.
    public func runSentCells() {
        guard !isBusy, !isRunningSent, let cellServer, let first = cellServer.next() else { return }
        isRunningSent = true
        defer { isRunningSent = false }
        aside {
            var sent: SentCell? = first
            while let cell = sent, !wantsQuit {
                run(cell)
                sent = cellServer.next()
            }
        }
    }

    private func run(_ sent: SentCell) {
        var shown = ""
        let ownView = view
        view.write = { text in
            shown += text
            ownView.write(text)
        }
        view.note = { text in
            shown += text
            ownView.note(text)
        }
        if let show = ownView.show {
            view.show = { value, isResult in
                shown += TextRenderer().text(value) + "\n"
                show(value, isResult)
            }
        }
        let ask = ask
        self.ask = nil  // the sender cannot answer
        let start = ContinuousClock.now
        let isFine = runSent(sent.text)
        view = ownView
        self.ask = ask
        let seconds = (start.duration(to: .now) / .seconds(1) * 10).rounded() / 10
        let plain = shown.replacing(/\u{1B}\[[0-9;]*[A-Za-z]/, with: "")
        sent.reply("\(plain)\(plain.isEmpty || plain.hasSuffix("\n") ? "" : "\n")--: \(isFine ? "ok" : "error"), \(seconds) s\n")
    }

    /// Runs every code cell of a text up to the first that fails. One that stands so in the open script is that cell.
    private func runSent(_ text: String) -> Bool {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        if let first = trimmed.first, "%?;".contains(first) { return runEntry(trimmed) }
        followFile()
        for cell in Script(text: text).codeCells where cell.source.contains(where: { !$0.isWhitespace }) {
            let known = script?.codeCells.enumerated().filter { $0.element.source == cell.source } ?? []
            let own = known.count == 1 ? known.first : known.first { $0.element.title == cell.title }
            if let own {
                guard let execution = try? runCell(own.offset + 1), execution.ending == .ok else { return false }
            } else {
                if !isQuiet { view.note(view.paint("── sent: \(cell.title.isEmpty ? "(no title)" : cell.title)", .heading) + "\n") }
                guard run(cell.source, title: cell.title).ending == .ok else { return false }
            }
        }
        return true
    }
}
