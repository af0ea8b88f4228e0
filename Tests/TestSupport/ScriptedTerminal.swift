import Foundation

/// A program on a pseudo-terminal of its own, typed at and read like a person would. All waits are bounded.
public final class ScriptedTerminal {
    /// What went wrong on the way.
    public enum Failure: Error, CustomStringConvertible {
        case cannotStart(String)
        case timeout(waitingFor: String, screen: String)

        /// What did not come, and what came instead.
        public var description: String {
            switch self {
            case .cannotStart(let reason): "cannot start: \(reason)"
            case .timeout(let text, let screen): "'\(text)' did not come; the terminal shows:\n\(screen)"
            }
        }
    }

    /// POSIX_SPAWN_SETSID of glibc, which Swift's module hides.
    private static let spawnInNewSession: Int16 = 0x80

    private let master: Int32
    private let process: pid_t
    private var status: Int32?
    /// Everything that the program has written, without control sequences.
    public private(set) var transcript = ""
    private var raw: [UInt8] = []
    private let columns: Int
    private var consumed: String.Index

    /// Starts a program on a new terminal of the given size.
    public init(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], columns: UInt16 = 100,
        rows: UInt16 = 40
    ) throws {
        consumed = transcript.startIndex
        self.columns = Int(columns)
        // What posix_openpt, unlockpt and ptsname do; Swift's Glibc module hides them. The numbers are Linux's.
        let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        var (locked, number): (Int32, Int32) = (0, 0)
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard master >= 0, ioctl(master, setLock, &locked) == 0, ioctl(master, getNumber, &number) == 0 else {
            throw Failure.cannotStart("no pseudo-terminal")
        }
        let name = "/dev/pts/\(number)"
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        // A session leader that opens a terminal gets it as its controlling terminal, so Ctrl-C reaches it.
        posix_spawnattr_setflags(&attributes, Self.spawnInNewSession)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        defer {
            posix_spawnattr_destroy(&attributes)
            posix_spawn_file_actions_destroy(&actions)
        }
        var all = [
            "TERM": "xterm-256color", "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "TMPDIR": ScratchFolder.url.path,
        ]
        all.merge(environment) { _, new in new }
        var argumentList = ([program] + arguments).map { strdup($0) } + [nil]
        var environmentList = all.map { strdup("\($0)=\($1)") } + [nil]
        defer { (argumentList + environmentList).forEach { free($0) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, program, &actions, &attributes, &argumentList, &environmentList)
        guard code == 0 else { throw Failure.cannotStart(String(cString: strerror(code))) }
        process = child
    }

    deinit {
        if status == nil {
            kill(process, SIGKILL)
            var ignored: Int32 = 0
            waitpid(process, &ignored, 0)
        }
        close(master)
    }

    /// Types text; `\u{3}` is Ctrl-C, `\t` completes.
    public func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(master, bytes, bytes.count)
    }

    /// Types a line and Enter.
    public func enter(_ line: String) { type(line + "\r") }

    /// Waits until the program writes a text that was not waited for before, and gives what came up to its end.
    @discardableResult
    public func wait(for text: String, seconds: Double = 60) throws -> String {
        let deadline = Date().addingTimeInterval(seconds)
        while true {
            if let range = transcript[consumed...].firstRange(of: text) {
                let result = String(transcript[consumed..<range.upperBound])
                consumed = range.upperBound
                return result
            }
            guard Date() < deadline, readSome() else {
                throw Failure.timeout(waitingFor: text, screen: transcript)
            }
        }
    }

    /// Everything that the program has written.
    public var output: String { String(decoding: raw, as: UTF8.self) }

    /// What the terminal shows, from the first line on.
    public var screen: String {
        var screen = ScreenEmulator(columns: columns)
        screen.write(output)
        return screen.text
    }

    /// Waits until the terminal shows a text anywhere, and gives all that it shows.
    @discardableResult
    public func wait(forScreen text: String, seconds: Double = 60) throws -> String {
        let deadline = Date().addingTimeInterval(seconds)
        while !screen.contains(text) {
            guard Date() < deadline, readSome() else { throw Failure.timeout(waitingFor: text, screen: screen) }
        }
        return screen
    }

    /// Waits until the program has written some bytes, control sequences among them.
    public func wait(forRaw text: String, seconds: Double = 60) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while !output.contains(text) {
            guard Date() < deadline, readSome() else { throw Failure.timeout(waitingFor: text, screen: screen) }
        }
    }

    /// Gives the terminal another size, as a person does with the mouse.
    public func resize(columns: UInt16, rows: UInt16 = 40) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        kill(process, SIGWINCH)
    }

    /// Waits for the program's end; gives its exit status, 128 and the signal's number after a signal.
    public func end(seconds: Double = 60) throws -> Int32 {
        let deadline = Date().addingTimeInterval(seconds)
        while Date() < deadline {
            var code: Int32 = 0
            if waitpid(process, &code, WNOHANG) == process {
                _ = readSome()
                let result = code & 0x7F == 0 ? (code >> 8) & 0xFF : 128 + (code & 0x7F)
                status = result
                return result
            }
            _ = readSome()
        }
        throw Failure.timeout(waitingFor: "the end", screen: transcript)
    }

    /// Reads what there is, waiting a moment for it. False when the program has closed the terminal.
    private func readSome() -> Bool {
        var descriptor = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 100) > 0 else { return true }
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = read(master, &bytes, bytes.count)
        if count <= 0 { return count < 0 && (errno == EAGAIN || errno == EINTR) }
        raw += bytes[..<count]
        let offset = transcript.utf8.distance(from: transcript.startIndex, to: consumed)
        transcript = Self.plain(raw)
        consumed = transcript.utf8.index(transcript.startIndex, offsetBy: min(offset, transcript.utf8.count))
        return true
    }

    /// The text without control sequences and carriage returns.
    private static func plain(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x1B, index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "[") {
                index += 2
                while index < bytes.count, !(0x40...0x7E).contains(bytes[index]) { index += 1 }
            } else if byte >= 0x20 || byte == 0x0A {
                result.append(byte)
            }
            index += 1
        }
        return String(decoding: result, as: UTF8.self)
    }
}
