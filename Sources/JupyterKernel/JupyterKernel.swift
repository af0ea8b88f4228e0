internal import Foundation
internal import JSON
internal import LuaRuntime
public import Notebook
internal import Synchronization

/// A Jupyter kernel over a notebook: requests arrive one after another on the thread that runs Lua, while threads of their own
/// answer heartbeats and interrupts. The protocol is Jupyter's, version 5.3.
public final class JupyterKernel {
    let notebook: Notebook
    let output: KernelOutput
    let input: StandardInput
    /// What programs and libraries write behind Lua's back.
    public var captures: [DescriptorCapture] = []
    private let connection: KernelConnection
    private let description: KernelDescription
    private let signals: KernelSignals
    /// Requests that have been taken from the socket and wait.
    private var waiting: [KernelMessage] = []
    /// Executions that came before an error was answered, and end unexecuted because of it.
    private var aborted: Set<String> = []
    var history: [HistoryEntry] = []

    /// A kernel on a connection. The notebook's view has to write to the connection's output.
    public init(_ connection: KernelConnection, notebook: Notebook, description: KernelDescription) throws {
        (self.connection, self.notebook, self.description) = (connection, notebook, description)
        output = connection.output
        signals = KernelSignals(mailbox: notebook.state.mailbox)
        input = StandardInput(socket: connection.standardInput, output: connection.output, state: notebook.state)
        try input.defineRead()
        notebook.inputHistory = { [unowned self] in history.map(\.input) }
        notebook.ask = { [unowned self] prompt in
            do { return try input.ask(prompt) } catch {
                output.log("no input: \(error)")
                return nil
            }
        }
    }

    /// Stops what runs, as an interrupt from a client does; from any thread.
    public var interrupt: @Sendable () -> Void { { [signals] in signals.interrupt() } }

    /// Serves until a client or the user ends the kernel.
    public func run() {
        let control = ControlLoop(socket: connection.control, output: output, signals: signals, description: description)
        let heartbeat = HeartbeatLoop(socket: connection.heartbeat, output: output)
        let ended = [Self.start("control", control.run), Self.start("heartbeat", heartbeat.run)]
        output.publish("status", ["execution_state": "starting"], about: nil)
        do {
            while !signals.isStopping.load(ordering: .acquiring), !notebook.wantsQuit {
                if waiting.isEmpty, try connection.shell.wait(or: notebook.state.mailbox.wakeDescriptor) { try takeRequests() }
                if waiting.isEmpty { serveBackground() } else { serve(waiting.removeFirst()) }
            }
        } catch {
            output.log("the shell channel has ended: \(error)")
        }
        output.flush()
        connection.context.shutDown()
        for thread in ended { thread.wait() }
    }

    /// Runs a body on a thread of its own; the result is signalled when it ends. The body's socket is that thread's from now on.
    private static func start(_ name: String, _ body: @escaping () -> Void) -> DispatchSemaphore {
        let ended = DispatchSemaphore(value: 0)
        nonisolated(unsafe) let body = body
        let thread = Thread {
            unsafe body()
            ended.signal()
        }
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
        return ended
    }

    // MARK: Requests

    /// Takes all requests that are there.
    private func takeRequests() throws(KernelError) {
        while let frames = try connection.shell.receive(waits: false) {
            do { waiting.append(try output.codec.message(frames)) } catch { output.log("a message on shell is left out: \(error)") }
        }
    }

    private func serveBackground() {
        _ = notebook.servePending()  // Ctrl-C comes over the control channel here
        if signals.stopsBackground.exchange(false, ordering: .acquiringAndReleasing) { notebook.stopBackground() }
        flushCaptures()
    }

    private func serve(_ request: KernelMessage) {
        output.publish("status", ["execution_state": "busy"], about: request)
        signals.isRunning.store(true, ordering: .releasing)
        defer {
            signals.isRunning.store(false, ordering: .releasing)
            output.publish("status", ["execution_state": "idle"], about: request)
        }
        switch request.type {
        case "execute_request": serveExecution(request)
        case "kernel_info_request": reply("kernel_info_reply", description.content, to: request)
        case "is_complete_request": reply("is_complete_reply", completeness(request), to: request)
        case "complete_request": reply("complete_reply", completions(request), to: request)
        case "inspect_request": reply("inspect_reply", inspection(request), to: request)
        case "history_request": reply("history_reply", pastEntries(request), to: request)
        case "comm_info_request": reply("comm_info_reply", ["status": "ok", "comms": [:]], to: request)
        case "shutdown_request":
            reply("shutdown_reply", ["status": "ok", "restart": .bool(request.flag("restart", default: false))], to: request)
            signals.stop()
        // There is nothing behind a comm here; its closing is the answer that the protocol knows.
        case "comm_open": output.publish("comm_close", ["comm_id": .string(request.text("comm_id")), "data": [:]], about: request)
        case "comm_msg", "comm_close": break
        default: output.log("'\(request.type)' on shell is not known")
        }
    }

    private func serveExecution(_ request: KernelMessage) {
        guard aborted.remove(request.id) == nil else {
            return reply("execute_reply", ["status": "aborted"], to: request)
        }
        let content = execute(request)
        if content["status"]?.string == "error", request.flag("stop_on_error", default: true) {
            // What was sent in one go with this cell may be on its way still; what comes after the answer is meant to run.
            do { while try connection.shell.wait(milliseconds: 20) { try takeRequests() } } catch {
                output.log("the shell channel has ended: \(error)")
            }
            aborted = Set(waiting.filter { $0.type == "execute_request" }.map(\.id))
        }
        reply("execute_reply", content, to: request)
    }

    private func reply(_ type: String, _ content: JSONValue, to request: KernelMessage) {
        let message = KernelMessage(
            type, content: content, session: output.session, parent: request.header, identities: request.identities)
        do { try connection.shell.send(output.codec.frames(message)) } catch {
            output.log("cannot answer '\(request.type)': \(error)")
        }
    }

    /// Gives out what has been written to captured descriptors.
    func flushCaptures() {
        guard !captures.isEmpty else { return }
        fflush(nil)
        for capture in captures { capture.drain() }
    }
}
