public import LuaRuntime

/// What can go wrong around a kernel, as data; the text is made in `message`.
public enum KernelError: UserFacingError, Equatable {
    /// The connection file cannot be read.
    case connectionFile(path: String, reason: String)
    /// Messages shall be signed in a way that this program does not know.
    case signatureScheme(String)
    /// A call of ZeroMQ has failed.
    case socket(doing: String, reason: String)
    /// The sockets are being closed: the kernel ends.
    case closed
    /// The process is out of descriptors.
    case noPipe
    /// The kernel's description cannot be written.
    case notInstalled(path: String, reason: String)
    /// No Python environment is active.
    case noEnvironment
}

extension KernelError {
    /// Whose fault it was.
    public var kind: String {
        switch self {
        case .signatureScheme, .noEnvironment: "usage"
        case .closed: "cancelled"
        default: "io"
        }
    }

    /// What the user can do, if there is something to say.
    public var hint: String? {
        switch self {
        case .connectionFile: "Jupyter writes this file and names it to the kernel; rlhf-repl kernel install makes Jupyter do so"
        case .notInstalled: "--user installs below your home folder, --prefix below another one"
        case .noEnvironment: "activate a virtual environment, or use --user or --prefix"
        default: nil
        }
    }

    /// What was wrong.
    public var message: String {
        switch self {
        case .connectionFile(let path, let reason): "cannot use the connection file '\(path)': \(reason)"
        case .signatureScheme(let name): "messages shall be signed with '\(name)'; this kernel knows hmac-sha256"
        case .socket(let doing, let reason): "ZeroMQ cannot \(doing): \(reason)"
        case .closed: "the kernel is being closed"
        case .noPipe: "no pipe can be made for what programs write"
        case .notInstalled(let path, let reason): "cannot write '\(path)': \(reason)"
        case .noEnvironment: "--sys-prefix needs an active Python environment (VIRTUAL_ENV or CONDA_PREFIX)"
        }
    }
}
