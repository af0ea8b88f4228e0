internal import Foundation
internal import Synchronization

/// Ctrl-T as a key that raises a signal (SIGQUIT), as the status key of BSD terminals does, for as long as it is on. Nothing is
/// read for it, so what is typed ahead stays where it is. Safe from any thread.
public final class StatusKey: Sendable {
    private static let controlT: cc_t = 0x14
    /// The key of SIGQUIT and the flag as they were; nil while the status key is off.
    private let before = Mutex<(key: cc_t, flag: tcflag_t)?>(nil)

    /// A key that is off.
    public init() {}

    /// Whether a SIGQUIT comes from this key.
    public var isOn: Bool { before.withLock { $0 != nil } }

    /// Switches the key on or off; it stays off where standard input is no terminal, or that of another job.
    public func set(_ isOn: Bool) {
        before.withLock { before in
            var mode = termios()
            guard isOn != (before != nil), isatty(0) == 1, tcgetpgrp(0) == getpgrp(), unsafe tcgetattr(0, &mode) == 0 else { return }
            if let old = before {
                mode.c_cc.1 = old.key
                mode.c_lflag = (mode.c_lflag & ~tcflag_t(NOFLSH)) | old.flag
                before = nil
            } else {
                before = (mode.c_cc.1, mode.c_lflag & tcflag_t(NOFLSH))
                mode.c_cc.1 = Self.controlT  // VQUIT
                mode.c_lflag |= tcflag_t(NOFLSH)
            }
            _ = unsafe tcsetattr(0, TCSANOW, &mode)
        }
    }

    /// Does what the terminal leaves out while the key is on: Ctrl-C discards what was typed before it.
    public func didInterrupt() {
        if isOn { tcflush(0, TCIFLUSH) }
    }
}
