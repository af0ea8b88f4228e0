import Synchronization

/// Runs the operations of one client one after another, in the order in which they were added, also when one of them leaves the
/// engine's thread in between.
final class ClientQueue: Sendable {
    typealias Operation = @Sendable (_ finish: @escaping @Sendable () -> Void) -> Void

    private let state = Mutex((waiting: [Operation](), isBusy: false))

    func add(_ operation: @escaping Operation) {
        let now = state.withLock { state -> Bool in
            if state.isBusy { state.waiting.append(operation) }
            defer { state.isBusy = true }
            return !state.isBusy
        }
        if now { start(operation) }
    }

    private func start(_ operation: Operation) {
        operation { [self] in
            let next = state.withLock { state -> Operation? in
                guard !state.waiting.isEmpty else {
                    state.isBusy = false
                    return nil
                }
                return state.waiting.removeFirst()
            }
            if let next { start(next) }
        }
    }
}
