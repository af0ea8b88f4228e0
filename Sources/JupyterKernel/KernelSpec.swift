public import Foundation
internal import JSON

/// How Jupyter starts a kernel: the folder with `kernel.json` and a logo that Jupyter looks for.
public struct KernelSpec: Sendable {
    /// The kernel's name in Jupyter, and its folder's.
    public static let name = "rlhf-repl"

    /// Where a description is put.
    public enum Place: Sendable, Equatable {
        /// For this user.
        case user
        /// Below a folder, as `share/jupyter/kernels`.
        case prefix(String)
        /// Into the active Python environment.
        case environment
    }

    /// The command that starts the kernel; Jupyter puts the connection file's path for `{connection_file}`.
    public let command: [String]

    /// A description of a program's kernel with further options.
    public init(program: String, options: [String]) {
        command = [program, "kernel", "run", "--connection-file", "{connection_file}"] + options
    }

    /// The text of `kernel.json`.
    public var json: String {
        let value: JSONValue = [
            "argv": .array(command.map { .string($0) }), "display_name": "rlhf-repl (Lua)", "language": "lua",
            "interrupt_mode": "message", "metadata": ["debugger": false],
        ]
        return value.text + "\n"
    }

    /// The kernel's folder at a place.
    public static func folder(_ place: Place, environment: [String: String]) throws(KernelError) -> URL {
        let data: URL
        switch place {
        case .user:
            // Jupyter's own rule.
            let base =
                environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : URL(filePath: $0) }
                ?? (environment["HOME"].map { URL(filePath: $0) } ?? .homeDirectory).appending(path: ".local/share")
            data = environment["JUPYTER_DATA_DIR"].map { URL(filePath: $0) } ?? base.appending(path: "jupyter")
        case .prefix(let path): data = URL(filePath: path).appending(path: "share/jupyter")
        case .environment:
            guard let path = environment["VIRTUAL_ENV"] ?? environment["CONDA_PREFIX"], !path.isEmpty else { throw .noEnvironment }
            data = URL(filePath: path).appending(path: "share/jupyter")
        }
        return data.appending(path: "kernels").appending(path: name)
    }

    /// Writes the files into a folder, which is made.
    public func install(into folder: URL) throws(KernelError) {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(json.utf8).write(to: folder.appending(path: "kernel.json"), options: .atomic)
            try Data(Self.logo.utf8).write(to: folder.appending(path: "logo-svg.svg"), options: .atomic)
        } catch {
            throw .notInstalled(path: folder.path, reason: error.localizedDescription)
        }
    }

    /// A rising curve.
    private static let logo = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
        <rect width="64" height="64" rx="14" fill="#1d3557"/>
        <path d="M10 48C22 46 28 40 34 28S46 14 54 13" fill="none" stroke="#f4d35e" stroke-width="5" stroke-linecap="round"/>
        <circle cx="54" cy="13" r="5" fill="#f4d35e"/>
        </svg>

        """
}
