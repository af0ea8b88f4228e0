import Foundation

/// Where the key to a service comes from.
package struct Credentials: Sendable {
    private let fixed: Secret?
    private let command: String?

    /// The key that was given, else the environment's (`MINT_API_KEY` comes first for MinT's addresses and is never sent to Tinker's),
    /// else what `TINKER_CREDENTIAL_CMD` prints, else the default key of `~/.tinker/credentials.json`. Services on this machine may
    /// need none.
    package init(apiKey: String?, address: ServiceAddress, environment: [String: String]) {
        func value(_ name: String) -> Secret? {
            environment[name]?.trimmingCharacters(in: .whitespacesAndNewlines).nonEmpty.map(Secret.init)
        }
        let isTinker = address.base == ServiceAddress.presets["tinker"]
        let names = address.isMint ? ["MINT_API_KEY", "TINKER_API_KEY"] : ["TINKER_API_KEY"] + (isTinker ? [] : ["MINT_API_KEY"])
        var fixed = apiKey?.nonEmpty.map(Secret.init) ?? names.lazy.compactMap(value).first
        command = fixed == nil ? environment["TINKER_CREDENTIAL_CMD"]?.nonEmpty : nil
        if fixed == nil, command == nil {
            let home = environment["HOME"]?.nonEmpty ?? NSHomeDirectory()
            fixed = Self.saved(in: home + "/.tinker/credentials.json")
        }
        self.fixed = fixed
    }

    /// The key; nil if there is none.
    func key() throws(RemoteError) -> Secret? {
        guard let command else { return fixed }
        return try Self.output(of: command)
    }

    private struct File: Decodable {
        struct Key: Decodable { let key: String? }
        let `default`: String?
        let keys: [String: Key]?
    }

    /// A file that is not there, or that another program has written in another form, holds no key.
    private static func saved(in path: String) -> Secret? {
        guard let data = FileManager.default.contents(atPath: path),
            let file = try? JSONDecoder().decode(File.self, from: data), let name = file.default
        else { return nil }
        return file.keys?[name]?.key?.nonEmpty.map(Secret.init)
    }

    private static func output(of command: String) throws(RemoteError) -> Secret {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        let text: String
        do {
            try process.run()
            text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
        } catch {
            throw .refused(status: 401, detail: "the command of TINKER_CREDENTIAL_CMD cannot be run")
        }
        guard process.terminationStatus == 0,
            let key = text.trimmingCharacters(in: .whitespacesAndNewlines).nonEmpty
        else { throw .refused(status: 401, detail: "the command of TINKER_CREDENTIAL_CMD gave no key") }
        return Secret(key)
    }
}

extension String {
    var nonEmpty: String? { isEmpty ? nil : self }
}
