import Foundation
import LuaRuntime
import Synchronization
import Terminal

/// Decides what Ctrl-C means at the moment it comes: the running cell, the line that is being edited, or the program.
final class InterruptRouter: Sendable {
    private struct State {
        var isRunning = false
        var presses = 0
        var mailbox: LuaMailbox?
        var onPrompt: (@Sendable () -> Void)?
        var onResize: (@Sendable () -> Void)?
        var onContinue: (@Sendable () -> Void)?
        var endsSession = true
        var writer: TerminalWriter?
        var samples: SamplesKey?
    }

    private let state = Mutex(State())

    /// Called on the signal thread.
    func handle(_ signal: Int32) {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            switch signal {
            case SIGWINCH: return state.onResize
            case SIGCONT:
                guard state.isRunning else { return state.onContinue }
                return { [samples = state.samples] in samples?.resume() }
            case SIGQUIT:
                return { [samples = state.samples] in if samples?.press() != true { Self.quit() } }
            default: break
            }
            guard state.isRunning, let mailbox = state.mailbox else {
                return state.onPrompt ?? { exit(130) }
            }
            state.presses += 1
            let (presses, writer, samples) = (state.presses, state.writer, state.samples)
            // A script whose C function cannot be stopped is ended by a third Ctrl-C; a session never is.
            if presses >= 3, state.endsSession {
                return {
                    samples?.setRunning(false)
                    exit(130)
                }
            }
            return {
                samples?.didInterrupt()
                writer?.terminalDidEcho()
                mailbox.interrupt()
                if presses == 2 { writer?.writeError("still stopping ...\n") }
            }
        }
        action?()
    }

    /// What SIGQUIT does where nobody has taken it over.
    private static func quit() {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGQUIT)
        unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(SIGQUIT)
    }

    /// The state whose cells Ctrl-C stops, and what Ctrl-T shows meanwhile. `endsSession`: there is no prompt to return to.
    func attach(_ mailbox: LuaMailbox, endsSession: Bool, writer: TerminalWriter, samples: SamplesKey) {
        state.withLock { state in
            state.samples = samples
            state.mailbox = mailbox
            state.endsSession = endsSession
            state.writer = writer
        }
    }

    /// What signals mean while a line is being edited.
    func attachPrompt(
        interrupt: @escaping @Sendable () -> Void, resize: @escaping @Sendable () -> Void,
        resume: @escaping @Sendable () -> Void
    ) {
        state.withLock { ($0.onPrompt, $0.onResize, $0.onContinue) = (interrupt, resize, resume) }
    }

    /// Says whether Lua runs now.
    func setRunning(_ isRunning: Bool) {
        state.withLock { state in
            state.isRunning = isRunning
            state.presses = 0
        }
    }
}
