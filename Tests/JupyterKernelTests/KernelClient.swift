import Foundation
import JSON
import JupyterKernel
import LuaBindings
import LuaRuntime
import Notebook
import Testing

/// A kernel on free ports of this machine with a client of the same process.
final class KernelClient {
    /// What cells give goes out here.
    let output: KernelOutput
    private let context: ZMQContext
    private let codec: MessageCodec
    private let shell, control, standardInput, iopub, heartbeat: ZMQSocket
    private let ended = DispatchSemaphore(value: 0)

    /// Starts a kernel on a thread of its own and waits until its messages arrive.
    init() throws {
        let key = Array("key".utf8)
        let connection = try KernelConnection(ConnectionFile(key: key)) { line in Issue.record("log: \(line)") }
        let (context, endpoints, ended) = (try ZMQContext(), connection.endpoints, ended)
        output = connection.output
        nonisolated(unsafe) let handed = connection
        let thread = Thread {
            do {
                let output = handed.output
                var view = NotebookView(write: { output.write($0, to: .stdout) }, note: { output.write($0, to: .stderr) })
                output.attach(to: &view)
                let notebook = try Notebook(state: LuaState(), view: view)
                notebook.isQuiet = true
                var registry = Registry()
                registry.add(notebook.bindings)
                registry.add(
                    FunctionBinding("clear", doc: "Takes away what the cell has given.") { call in
                        call.state.clearDisplay?(call[0].boolean ?? false)
                        return .nothing
                    })
                _ = try registry.install(into: notebook.state)
                let kernel = try JupyterKernel(
                    handed, notebook: notebook, description: KernelDescription(version: "1", banner: "test"))
                kernel.run()
            } catch {
                Issue.record(error)
            }
            ended.signal()
        }
        thread.stackSize = 1 << 23
        thread.start()
        codec = MessageCodec(key: key)
        self.context = context
        func socket(_ kind: ZMQSocket.Kind, _ channel: ConnectionFile.Channel) throws -> ZMQSocket {
            let socket = try ZMQSocket(kind, in: context)
            // Input questions go to the client by the name that it has on shell.
            if kind == .dealer { socket.setIdentity("client") }
            try socket.connect(to: endpoints[channel] ?? "")
            return socket
        }
        shell = try socket(.dealer, .shell)
        control = try socket(.dealer, .control)
        standardInput = try socket(.dealer, .stdin)
        iopub = try socket(.subscriber, .iopub)
        heartbeat = try socket(.request, .heartbeat)
        // A subscriber misses what is sent before it is connected.
        repeat {
            try send("kernel_info_request", [:])
            _ = try receive(shell)
        } while try !iopub.wait(milliseconds: 50)
        while try iopub.wait(milliseconds: 50) { _ = try iopub.receive(waits: false) }
    }

    /// Ends the kernel and waits for it.
    func stop() throws -> KernelMessage {
        try send("shutdown_request", ["restart": false], on: control)
        let reply = try receive(control)
        ended.wait()
        return reply
    }

    /// Sends a request; returns its id.
    @discardableResult
    func send(_ type: String, _ content: JSONValue, on socket: ZMQSocket? = nil) throws -> String {
        let message = KernelMessage(type, content: content, session: "client")
        try (socket ?? shell).send(codec.frames(message))
        return message.header["msg_id"]?.string ?? ""
    }

    private func receive(_ socket: ZMQSocket) throws -> KernelMessage {
        try #require(try socket.wait(milliseconds: 10_000), "no answer")
        return try codec.message(try #require(try socket.receive(waits: false)))
    }

    /// The answer to a request.
    func reply(_ type: String, _ content: JSONValue) throws -> JSONValue {
        let id = try send(type, content)
        return try answer(to: id)
    }

    /// The next answer, which has to be this request's.
    func answer(to id: String) throws -> JSONValue {
        let message = try receive(shell)
        #expect(message.parentHeader["msg_id"]?.string == id)
        return message.content
    }

    /// What is published about a request from its beginning to its end.
    func published(about id: String) throws -> [KernelMessage] {
        var messages: [KernelMessage] = []
        while true {
            let message = try receive(iopub)
            guard message.parentHeader["msg_id"]?.string == id else { continue }
            if message.content["execution_state"]?.string == "idle" { return messages }
            if message.type != "status" { messages.append(message) }
        }
    }

    /// What is published, about whatever request, before another one begins; without what tells of states.
    func publishedMessages(until id: String) throws -> [KernelMessage] {
        var messages: [KernelMessage] = []
        while case let message = try receive(iopub), message.parentHeader["msg_id"]?.string != id {
            if message.type != "status" { messages.append(message) }
        }
        return messages
    }

    /// Waits until a cell has printed a text.
    func waitForText(_ text: String) throws { while try receive(iopub).content["text"]?.string != text {} }

    /// Runs a cell: its answer and what it has published.
    func execute(_ code: String, options: [(String, JSONValue)] = []) throws -> (content: JSONValue, messages: [KernelMessage]) {
        let content = JSONValue.object([.init("code", .string(code))] + options.map { .init($0.0, $0.1) })
        let id = try send("execute_request", content)
        return (try answer(to: id), try published(about: id))
    }

    func sendOnControl(_ type: String) throws -> KernelMessage {
        try send(type, [:], on: control)
        return try receive(control)
    }

    func question() throws -> KernelMessage { try receive(standardInput) }

    func answerQuestion(_ text: String) throws { try send("input_reply", ["value": .string(text)], on: standardInput) }

    func beat(_ text: String) throws -> String {
        try heartbeat.send([Array(text.utf8)])
        try #require(try heartbeat.wait(milliseconds: 10_000))
        return String(decoding: try heartbeat.receive()?.first ?? [], as: UTF8.self)
    }
}
