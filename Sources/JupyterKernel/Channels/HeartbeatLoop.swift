/// The heartbeat channel, on a thread of its own: it gives back what it gets, to show that the process lives.
struct HeartbeatLoop {
    let socket: ZMQSocket
    let output: KernelOutput

    /// Serves until the sockets are closed.
    func run() {
        do {
            while true {
                if let frames = try socket.receive() { try socket.send(frames) }
            }
        } catch KernelError.closed {
            return
        } catch {
            output.log("the heartbeat has ended: \(error)")
        }
    }
}
