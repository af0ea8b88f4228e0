internal import LuaRuntime

/// What goes on beside the prompt: tasks that cells have spawned, and interrupted stages that save their checkpoints.
extension Notebook {
    /// Says that tasks go on, to somebody who has pressed Ctrl-C at the prompt.
    public func noteBackground() {
        let count = state.taskCount
        guard count > 0 else { return }
        view.note(
            view.paint(
                "\(count) background \(count == 1 ? "task goes" : "tasks go") on; Ctrl-C again stops \(count == 1 ? "it" : "them")",
                .dim)
                + "\n")
    }

    /// Stops all tasks that go on, and says so.
    public func stopBackground() {
        let count = whileRunning { state.cancelTasks() }
        guard count > 0 else { return }
        view.note(view.paint("stopped \(count) background \(count == 1 ? "task" : "tasks")", .warning) + "\n")
    }

    /// Waits for interrupted work that is coming to a safe end; Ctrl-C leaves it. For the end of a session.
    public func finishBackground() {
        guard state.unfinishedWork > 0 else { return }
        view.note(view.paint("waiting until what was interrupted has saved its checkpoint; Ctrl-C leaves without", .dim) + "\n")
        whileRunning { state.finishWork() }
    }
}
