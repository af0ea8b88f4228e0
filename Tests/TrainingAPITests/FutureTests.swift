import Synchronization
import Testing
import TrainingAPI

private final class Log: Sendable {
    private let entries = Mutex<[String]>([])
    func add(_ entry: String) { entries.withLock { $0.append(entry) } }
    var all: [String] { entries.withLock { $0 } }
}

private enum Failure: Error, Equatable { case broken }

@Suite("Futures")
struct FutureTests {
    @Test("Waiters are called in the order in which they asked, and late ones at once")
    func order() throws {
        let (future, log) = (Future<Int>(), Log())
        future.whenDone { _ in log.add("first") }
        future.whenDone { _ in log.add("second") }
        #expect(log.all.isEmpty)
        #expect(!future.isDone)
        future.resolve(.success(1))
        #expect(log.all == ["first", "second"])
        future.whenDone { _ in log.add("late") }
        #expect(log.all == ["first", "second", "late"])
    }

    @Test("Only the first result counts")
    func resolvedTwice() throws {
        let (future, log) = (Future<Int>(), Log())
        future.whenDone { log.add("\((try? $0.get()) ?? 0)") }
        future.resolve(.success(1))
        future.resolve(.success(2))
        future.resolve(.failure(Failure.broken))
        #expect(try future.result?.get() == 1)
        #expect(log.all == ["1"])
    }

    @Test("Cancelling tells the worker once and ends the future with an error")
    func cancel() throws {
        let (future, log) = (Future<Int>(), Log())
        future.onCancel { log.add("stop") }
        future.cancel()
        future.cancel()
        #expect(log.all == ["stop"])
        #expect(future.isCancelled)
        #expect(throws: TrainingError.cancelled) { try future.result?.get() }
        future.onCancel { log.add("asked later") }
        #expect(log.all == ["stop", "asked later"])
    }

    @Test("Cancelling after the end changes nothing")
    func cancelAfterEnd() throws {
        let (future, log) = (Future<Int>(), Log())
        future.onCancel { log.add("stop") }
        future.resolve(.success(1))
        future.cancel()
        #expect(log.all.isEmpty)
        #expect(!future.isCancelled)
        #expect(try future.result?.get() == 1)
    }

    @Test("The value is awaited, also when it is there already or is an error")
    func value() async throws {
        let future = Future<Int>()
        async let value = future.value
        future.resolve(.success(3))
        #expect(try await value == 3)
        #expect(try await Future<Int>(.success(4)).value == 4)
        await #expect(throws: Failure.broken) { try await Future<Int>(.failure(Failure.broken)).value }
        #expect(try await Future { 5 }.value == 5)
    }

    @Test("Cancelling the task that awaits a future cancels the future, and the other way round")
    func tasks() async throws {
        let future = Future<Int>()
        let task = Task { try await future.value }
        task.cancel()
        await #expect(throws: TrainingError.cancelled) { try await task.value }
        #expect(future.isCancelled)

        let log = Log()
        let finished = Future<Void>()
        let work = Future<Int> {
            defer {
                log.add(Task.isCancelled ? "saw it" : "did not")
                finished.resolve(.success(()))
            }
            try await Task.sleep(for: .seconds(600))
            return 1
        }
        work.cancel()
        try await finished.value
        #expect(log.all == ["saw it"])
    }

    @Test("A mapped future has the function's value, its error, or the first one's error")
    func map() throws {
        let future = Future<Int>()
        let doubled = future.map { $0 * 2 }
        let failing = future.map { _ -> Int in throw Failure.broken }
        #expect(!doubled.isDone)
        future.resolve(.success(4))
        #expect(try doubled.result?.get() == 8)
        #expect(throws: Failure.broken) { try failing.result?.get() }
        let failed = Future<Int>(.failure(Failure.broken)).map { $0 * 2 }
        #expect(throws: Failure.broken) { try failed.result?.get() }
    }

    @Test("Cancelling a mapped future cancels the one it came from")
    func cancelMapped() throws {
        let future = Future<Int>()
        let mapped = future.map { $0 + 1 }
        mapped.cancel()
        #expect(future.isCancelled)
        #expect(throws: TrainingError.cancelled) { try mapped.result?.get() }
    }
}
