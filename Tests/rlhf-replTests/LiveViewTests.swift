import Foundation
import TestSupport
import Testing

/// What a terminal shows while a stage runs, and the key that shows more.
@Suite(.serialized) struct LiveViewTests {
    /// Starts a long stage on a tiny model; gives back the session with the stage's picture on its screen.
    private func training(columns: UInt16 = 100, environment: [String: String] = [:]) throws -> Repl {
        let repl = try Repl(model: true, columns: columns, environment: environment)
        try repl.enter(Repl.rows, prompt: 2)
        repl.terminal.enter(
            "run = rlhf.supervised.train{dataset_builder = rows, renderer_name = 'chatml', batch_size = 4, num_epochs = 5000, seed = 1, log_path = '\(repl.folder.appending(path: "run").path)'} 'next'"
        )
        return repl
    }

    @Test("a stage shows how far it is, with its metrics' courses below, and Ctrl-T the samples above; typing ahead is kept")
    func live() throws {
        let repl = try training()
        try repl.terminal.wait(forScreen: "Ctrl-T shows the last samples", seconds: 60)
        let picture = try repl.terminal.wait(forScreen: "steps/s").split(separator: "\n").suffix(3)
        #expect(picture.first?.contains("supervised: ▕") == true)
        #expect(picture.dropFirst().first?.contains(/\s\strain_mean_nll +[0-9.]+  [▁▂▃▄▅▆▇█]{20,}/) == true)
        repl.terminal.type("('typed '):rep(2)\r\u{14}")
        try repl.terminal.wait(for: "supervised, step ")
        try repl.terminal.wait(for: "replies")
        try repl.terminal.wait(for: "nll ")
        let screen = try repl.terminal.wait(forScreen: "more")
        #expect(screen.contains("[3]") && screen.contains("hello "))
        // The picture goes on below.
        #expect(screen.split(separator: "\n").count { $0.contains("supervised: ▕") } <= 2)
        repl.terminal.type("\u{3}")
        try repl.terminal.wait(for: "interrupted")
        // Ctrl-C discards what was typed before it, as ever.
        #expect(try repl.isAlive(prompt: 3))
        #expect(!repl.terminal.transcript.contains("typed typed"))
        #expect(try repl.enter("%last hello", prompt: 4).contains("replies"))
    }

    @Test("what is typed while a stage runs, Ctrl-T among it, is there for the prompt and for io.read")
    func typeAhead() throws {
        let repl = try Repl(model: true)
        try repl.enter(Repl.rows, prompt: 2)
        let log = repl.folder.appending(path: "run").path
        repl.terminal.enter(
            "run = rlhf.supervised.start{dataset_builder = rows, renderer_name = 'chatml', batch_size = 4, num_epochs = 5000, seed = 1, log_path = '\(log)'} t = os.time() print('be' .. 'gin') repeat run:step(5) until os.time() > t + 1 print('<' .. io.read() .. '>')"
        )
        try repl.terminal.wait(for: "begin\n")
        repl.terminal.type("one\r")
        Thread.sleep(forTimeInterval: 0.3)
        repl.terminal.type("\u{14}")
        try repl.terminal.wait(for: "replies")
        repl.terminal.type("'t' .. 'wo'\r")
        try repl.terminal.wait(for: "<one>", seconds: 60)
        try repl.terminal.wait(for: "two")
        #expect(try repl.isAlive(prompt: 4))
    }

    @Test("a narrow terminal gets the same in its width, a dumb one gets lines")
    func narrow() throws {
        let repl = try training(columns: 40)
        let screen = try repl.terminal.wait(forScreen: "Ctrl-T shows", seconds: 60)
        #expect(screen.components(separatedBy: "\n").suffix(3).allSatisfy { $0.count < 40 })
        try repl.interrupt(prompt: 3)
        let dumb = try training(environment: ["TERM": "dumb"])
        try dumb.terminal.wait(for: "steps/s", seconds: 60)
        #expect(!dumb.terminal.output.contains("\u{1B}[") && !dumb.terminal.transcript.contains("▕"))
        try dumb.interrupt(prompt: 3)
    }

    @Test("outside of a stage Ctrl-T is what it was, and %last says that there is nothing yet")
    func off() throws {
        let repl = try Repl()
        #expect(try repl.enter("%last", prompt: 1).contains("no step of training has been taken yet"))
        repl.terminal.enter("print('be' .. 'gin') while true do end")
        try repl.terminal.wait(for: "begin\n")
        repl.terminal.type("\u{14}")
        try repl.interrupt(prompt: 2)
        #expect(try repl.isAlive(prompt: 2))
    }
}
