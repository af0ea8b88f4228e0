internal import Foundation

/// A program on a pseudo-terminal of its own, which is typed at.
final class TerminalProcess {
    /// POSIX_SPAWN_SETSID of glibc, which Swift's module hides.
    private static let spawnInNewSession: Int16 = 0x80

    let identifier: pid_t
    private let name: String
    private let master: Int32
    private let interruption: Interruption
    private var shown: [UInt8] = []
    private var hasEnded = false

    /// Starts a program on a terminal of 100 columns with the given environment alone.
    init(name: String, executable: String, arguments: [String], environment: [String: String], interruption: Interruption)
        throws(BenchError)
    {
        self.name = name
        self.interruption = interruption
        // What posix_openpt, unlockpt and ptsname do; Swift's Glibc module hides them. The numbers are Linux's.
        let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        var (locked, number): (Int32, Int32) = (0, 0)
        master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard master >= 0, unsafe ioctl(master, setLock, &locked) == 0, unsafe ioctl(master, getNumber, &number) == 0 else {
            throw .cannotStart(name, reason: "no pseudo-terminal is left")
        }
        var size = winsize(ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
        _ = unsafe ioctl(master, UInt(TIOCSWINSZ), &size)
        var attributes = posix_spawnattr_t()
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawnattr_init(&attributes)
        unsafe posix_spawn_file_actions_init(&actions)
        defer {
            unsafe posix_spawnattr_destroy(&attributes)
            unsafe posix_spawn_file_actions_destroy(&actions)
        }
        unsafe posix_spawnattr_setflags(&attributes, Self.spawnInNewSession)
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/pts/\(number)", O_RDWR, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, 0, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var words: [UnsafeMutablePointer<CChar>?] = unsafe ([executable] + arguments).map { unsafe strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = unsafe environment.map { unsafe strdup("\($0)=\($1)") } + [nil]
        defer { unsafe (words + variables).forEach { unsafe free($0) } }
        var child: pid_t = 0
        let code = unsafe posix_spawn(&child, executable, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw .cannotStart(name, reason: unsafe String(cString: strerror(code))) }
        identifier = child
        interruption.add(child)
    }

    deinit {
        if !hasEnded { end() }
        close(master)
    }

    /// Types text; it comes back on the terminal.
    func type(_ text: String) {
        let bytes = Array(text.utf8)
        unsafe bytes.withUnsafeBytes { _ = unsafe write(master, $0.baseAddress, $0.count) }
    }

    /// Waits until the program shows a text after all that was waited for before.
    func wait(for text: String, seconds: Double = 20) throws(BenchError) {
        let deadline = ContinuousClock.now + .seconds(seconds)
        let wanted = Array(text.utf8)
        while true {
            if let range = shown.firstRange(of: wanted) {
                shown.removeSubrange(..<range.upperBound)
                return
            }
            try interruption.check()
            var descriptor = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&descriptor, 1, 100) > 0 {
                var bytes = [UInt8](repeating: 0, count: 65_536)
                let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(master, $0.baseAddress, $0.count) }
                guard count > 0 else { throw .notUnderstood(name, line: "its end, instead of '\(text)'") }
                shown += bytes[..<count]
            }
            if ContinuousClock.now > deadline {
                throw .notUnderstood(name, line: String(decoding: shown.suffix(200), as: UTF8.self))
            }
        }
    }

    /// The processor time that the program has taken so far, in seconds.
    func processorSeconds() throws(BenchError) -> Double {
        let line = (try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)) ?? ""
        // After the name, which may hold anything: field 3 and on; utime and stime are 14 and 15.
        let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            throw .notUnderstood("/proc", line: line)
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Ends the program.
    func end() {
        interruption.remove(identifier)
        kill(identifier, SIGKILL)
        var status: Int32 = 0
        unsafe waitpid(identifier, &status, 0)
        hasEnded = true
    }
}
