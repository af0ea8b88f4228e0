internal import Foundation
internal import JSON
internal import Synchronization

/// The control channel, on a thread of its own: it answers while a cell runs.
struct ControlLoop {
    let socket: ZMQSocket
    let output: KernelOutput
    let signals: KernelSignals
    let description: KernelDescription

    /// Serves until the sockets are closed.
    func run() {
        // Jupyter names itself so; when it dies without a word, its kernels shall not stay behind.
        let parent = ProcessInfo.processInfo.environment["JPY_PARENT_PID"] == nil ? nil : getppid()
        while true {
            let isStopping = signals.isStopping.load(ordering: .acquiring)
            do {
                let isThere = try socket.wait(milliseconds: isStopping ? 100 : parent == nil ? -1 : 2000)
                if isThere, let frames = try socket.receive(waits: false) { serve(frames) }
            } catch KernelError.closed {
                return
            } catch {
                return output.log("the control channel has ended: \(error)")
            }
            if isStopping || parent.map({ getppid() != $0 }) == true { signals.stop() }
        }
    }

    private func serve(_ frames: [[UInt8]]) {
        let request: KernelMessage
        do { request = try output.codec.message(frames) } catch { return output.log("a message on control is left out: \(error)") }
        output.publish("status", ["execution_state": "busy"], about: request)
        defer { output.publish("status", ["execution_state": "idle"], about: request) }
        switch request.type {
        case "interrupt_request":
            signals.interrupt()
            reply("interrupt_reply", ["status": "ok"], to: request)
        case "shutdown_request":
            let content: JSONValue = ["status": "ok", "restart": .bool(request.flag("restart", default: false))]
            reply("shutdown_reply", content, to: request)
            output.publish("shutdown_reply", content, about: request)
            signals.stop()
        case "kernel_info_request": reply("kernel_info_reply", description.content, to: request)
        default: output.log("'\(request.type)' on control is not known")
        }
    }

    private func reply(_ type: String, _ content: JSONValue, to request: KernelMessage) {
        let message = KernelMessage(
            type, content: content, session: output.session, parent: request.header, identities: request.identities)
        do { try socket.send(output.codec.frames(message)) } catch { output.log("cannot answer '\(request.type)': \(error)") }
    }
}
