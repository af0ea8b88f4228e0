internal import Foundation

/// Keys and replies of the terminal on standard input, byte by byte and without an echo, for as long as it is open.
struct RawTerminal {
    private let before: termios

    /// Switches line editing and echo off, and keys that raise signals if asked for. Nil where standard input is no terminal.
    init?(keepsSignals: Bool) {
        var mode = termios()
        guard isatty(0) == 1, unsafe tcgetattr(0, &mode) == 0 else { return nil }
        before = mode
        mode.c_lflag &= ~tcflag_t(ICANON | ECHO | (keepsSignals ? 0 : ISIG))
        mode.c_iflag &= ~tcflag_t(ICRNL)
        guard unsafe tcsetattr(0, TCSADRAIN, &mode) == 0 else { return nil }
    }

    /// Gives the terminal back as it was.
    func close() {
        var mode = before
        _ = unsafe tcsetattr(0, TCSADRAIN, &mode)
    }

    /// The bytes that have come, at most after `milliseconds`; empty when none have; nil when there will be none any more.
    func read(within milliseconds: Int32) -> [UInt8]? {
        var descriptor = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        let ready = unsafe poll(&descriptor, 1, milliseconds)
        guard ready > 0 else { return ready < 0 && errno != EINTR ? nil : [] }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(0, $0.baseAddress, $0.count) }
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }
}
