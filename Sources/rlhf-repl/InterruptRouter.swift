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
    }

    private let state = Mutex(State())

    /// Called on the signal thread.
    func handle(_ signal: Int32) {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            switch signal {
            case SIGWINCH: return state.onResize
            case SIGCONT: return state.isRunning ? nil : state.onContinue
            default: break
            }
            guard state.isRunning, let mailbox = state.mailbox else {
                return state.onPrompt ?? { exit(130) }
            }
            state.presses += 1
            let (presses, writer) = (state.presses, state.writer)
            // A script whose C function cannot be stopped is ended by a third Ctrl-C; a session never is.
            if presses >= 3, state.endsSession { return { exit(130) } }
            return {
                writer?.terminalDidEcho()
                mailbox.interrupt()
                if presses == 2 { writer?.writeError("still stopping ...\n") }
            }
        }
        action?()
    }

    /// The state whose cells Ctrl-C stops. `endsSession`: there is no prompt to return to.
    func attach(_ mailbox: LuaMailbox, endsSession: Bool, writer: TerminalWriter) {
        state.withLock { state in
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
