/// The sockets of a kernel, bound to where a connection file says.
public final class KernelConnection {
    /// What cells give goes out here; safe from any thread.
    public let output: KernelOutput
    /// Where the sockets listen.
    package let endpoints: [ConnectionFile.Channel: String]
    let context: ZMQContext
    let codec: MessageCodec
    let shell, control, standardInput, heartbeat: ZMQSocket

    /// Binds all sockets; `log` takes lines about the kernel itself.
    public init(_ file: ConnectionFile, log: @escaping @Sendable (String) -> Void) throws(KernelError) {
        let context = try ZMQContext()
        let codec = MessageCodec(key: file.key)
        func socket(_ kind: ZMQSocket.Kind, _ channel: ConnectionFile.Channel) throws(KernelError) -> ZMQSocket {
            let socket = try ZMQSocket(kind, in: context)
            try socket.bind(to: file.endpoint(channel))
            return socket
        }
        (self.context, self.codec) = (context, codec)
        shell = try socket(.router, .shell)
        control = try socket(.router, .control)
        standardInput = try socket(.router, .stdin)
        heartbeat = try socket(.reply, .heartbeat)
        let publisher = try ZMQSocket(.publisher, in: context)
        try publisher.bind(to: file.endpoint(.iopub))
        endpoints = [
            .shell: shell.endpoint, .control: control.endpoint, .stdin: standardInput.endpoint,
            .heartbeat: heartbeat.endpoint, .iopub: publisher.endpoint,
        ]
        output = KernelOutput(publisher: publisher, codec: codec, log: log)
    }
}
