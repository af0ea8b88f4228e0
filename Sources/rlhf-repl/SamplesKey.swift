import Display
import Foundation
import LuaRuntime
import Synchronization
import Terminal

/// Ctrl-T while a stage runs: shows what it was trained on last, above its progress.
final class SamplesKey: Sendable {
    private struct State {
        var isRunning = false
        var isTerminalLent = false
        var hasSamples = false
        var isOn: Bool { isRunning && hasSamples && !isTerminalLent }
    }

    /// How many samples one press shows.
    private static let count = 3

    private let console: Console
    private let key = StatusKey()
    private let state = Mutex(State())

    init(_ console: Console) {
        self.console = console
        console.stages.onSamples { [weak self] in self?.change { $0.hasSamples = true } }
    }

    /// Says whether a cell runs.
    func setRunning(_ isRunning: Bool) {
        change { state in
            state.isRunning = isRunning
            state.hasSamples = false
        }
    }

    /// Says whether somebody else has the terminal.
    func setTerminalLent(_ isLent: Bool) { change { $0.isTerminalLent = isLent } }

    /// The process goes on after a stop, in which its shell has put the terminal in order.
    func resume() {
        key.set(false)
        change { _ in }
    }

    /// What was typed before Ctrl-C is not wanted any more.
    func didInterrupt() { key.didInterrupt() }

    /// Shows the samples; false when it was not this key that was pressed.
    func press() -> Bool {
        guard key.isOn else { return false }
        do {
            guard let list = try console.stages.lastSamples() else { return true }
            var renderer = TextRenderer(width: TerminalSize.current().columns - 1, style: console.errorStyle)
            renderer.sampleLimit = Self.count
            console.writer.writeError(renderer.text(.samples(list)) + "\n")
        } catch {
            console.show(LuaError(error))
        }
        return true
    }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            guard console.writer.showsStatus else { return }
            key.set(state.isOn)
            console.progress.setHint(key.isOn ? "Ctrl-T shows the last samples" : nil)
        }
    }
}
