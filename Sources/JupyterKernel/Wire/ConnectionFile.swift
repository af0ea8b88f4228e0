internal import Foundation
internal import JSON

/// Where a kernel's clients are, and the key that messages are signed with: what Jupyter writes before it starts a kernel.
public struct ConnectionFile: Sendable, Equatable {
    /// The five channels.
    public enum Channel: String, Sendable, CaseIterable {
        case shell, control, stdin, iopub
        case heartbeat = "hb"
    }

    /// `tcp` or `ipc`.
    public var transport = "tcp"
    /// The address that sockets are bound to.
    public var host = "127.0.0.1"
    /// The port of each channel; 0 takes a free one.
    public var ports: [Channel: Int]
    /// The key of all signatures; without one messages are not signed.
    public var key: [UInt8]

    /// Channels on free ports of this machine.
    public init(key: [UInt8]) {
        ports = Dictionary(uniqueKeysWithValues: Channel.allCases.map { ($0, 0) })
        self.key = key
    }

    /// Reads a connection file.
    public init(contentsOf path: String) throws(KernelError) {
        let file: JSONValue
        do {
            file = try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: path))))
        } catch let error as JSONError {
            throw .connectionFile(path: path, reason: "it is no JSON (line \(error.line))")
        } catch {
            throw .connectionFile(path: path, reason: error.localizedDescription)
        }
        let scheme = file["signature_scheme"]?.string ?? "hmac-sha256"
        key = Array((file["key"]?.string ?? "").utf8)
        guard key.isEmpty || scheme == "hmac-sha256" else { throw .signatureScheme(scheme) }
        transport = file["transport"]?.string ?? transport
        host = file["ip"]?.string ?? host
        ports = [:]
        for channel in Channel.allCases {
            guard let port = file["\(channel.rawValue)_port"]?.number?.index else {
                throw .connectionFile(path: path, reason: "there is no \(channel.rawValue)_port")
            }
            ports[channel] = port
        }
    }

    /// The address that a channel's socket is bound to.
    func endpoint(_ channel: Channel) -> String {
        let port = ports[channel] ?? 0
        if transport == "ipc" { return "ipc://\(host)-\(port)" }
        return "\(transport)://\(host):\(port == 0 ? "*" : String(port))"
    }
}
