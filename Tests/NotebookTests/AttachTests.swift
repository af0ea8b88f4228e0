import Foundation
import LuaRuntime
import Notebook
import TestSupport
import Testing

struct AttachTests {
    private let path = ScratchFolder.url.appending(path: "\(UUID().uuidString.prefix(8))/s.sock").path

    /// Sends a text as an editor does. The session takes it when it is told to, on this thread.
    private func send(_ text: String, to desk: Desk, ending: String = "") throws -> String {
        let connection = try UnixSocket(connectingTo: path)
        #expect(connection.write(text + ending))
        if ending.isEmpty { connection.endWriting() }
        // The cell arrives on the server's thread, which wakes the session's loop.
        let deadline = Date() + 20
        let before = desk.notebook.executions.count
        while desk.notebook.executions.count == before, Date() < deadline {
            _ = desk.notebook.servePending()
            usleep(2_000)
        }
        return String(decoding: connection.read(upTo: 1 << 20), as: UTF8.self)
    }

    @Test("a sent cell runs in the session, and what it shows comes back with how it ended")
    func sent() throws {
        let desk = try Desk()
        #expect(desk.shown("repl.attach('\(path)')") == "listening for cells at \(path)\n")
        let reply = try send("-- %% Add\nlocal x = 20\nx + 1\n", to: desk)
        #expect(reply == "── sent: Add\n21\n--: ok, 0.0 s\n")
        #expect(desk.take() == "21\n")
        #expect(desk.shown("x") == "20\n")
        #expect(try send("error('bad')", to: desk, ending: "\0").contains("bad\n--: error, "))
        #expect(desk.notebook.executions.last?.ending == .error)
    }

    @Test("a sent cell that stands in the open script is that cell")
    func ofScript() throws {
        let desk = try Desk(script: "-- %% A\na = 1\n-- %% B\nb = 2\n")
        _ = desk.shown("%attach \(path)")
        _ = try send("-- %% B\nb = 2\n", to: desk)
        #expect([1, 2].map(desk.notebook.status) == [.neverRun, .ok])
    }

    @Test("the socket is for the user alone, goes with the session, and a stale one is replaced")
    func file() throws {
        let desk = try Desk()
        _ = desk.shown("%attach \(path)")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let other = try Desk()
        #expect(other.shown("%attach \(path)").contains("another session listens there"))
        desk.notebook.detach()
        #expect(!FileManager.default.fileExists(atPath: path))
        try Data("mine".utf8).write(to: URL(filePath: path))
        #expect(other.shown("%attach \(path)").contains("there is a file of this name"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    @Test("a cell that comes while another runs waits for its end")
    func queued() throws {
        let desk = try Desk()
        _ = desk.shown("%attach \(path)")
        let path = path
        let notebook = desk.notebook
        try notebook.state.define(
            "send_now",
            .function(
                notebook.state.makeFunction(
                    HostFunction("send_now") { call in
                        let connection = try UnixSocket(connectingTo: path)
                        _ = connection.write("order = order .. 'sent '")
                        connection.endWriting()
                        // Serving the loop here is what a waiting cell does.
                        for _ in 0..<50 {
                            usleep(2_000)
                            call.state.servePending()
                        }
                        return .nothing
                    })))
        _ = desk.shown("order = ''\nsend_now()\norder = order .. 'first '")
        #expect(desk.shown("order") == "\"first sent \"\n")
    }
}
