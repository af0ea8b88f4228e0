public import Testing

/// Suites that compare the engine's bits, or choose its instruction set, which is one for the whole process: only one of them runs
/// at a time.
public struct OwnKernels: SuiteTrait, TestScoping {
    private actor Turn {
        private var isTaken = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func take() async {
            guard isTaken else { return isTaken = true }
            await withCheckedContinuation { waiting.append($0) }
        }

        func pass() {
            if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
        }
    }

    private static let turn = Turn()

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        await Self.turn.take()
        do {
            try await function()
            await Self.turn.pass()
        } catch {
            await Self.turn.pass()
            throw error
        }
    }
}

extension Trait where Self == OwnKernels {
    /// Runs while no other suite of this kind does.
    public static var ownKernels: Self { OwnKernels() }
}
