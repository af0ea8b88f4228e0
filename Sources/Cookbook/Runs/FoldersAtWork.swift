import Foundation
import Synchronization
import TrainingAPI

/// The folders in which a run is taking steps or saving, in this process. Two runs in one folder would mix their files, so a
/// second one is refused; but one that was cancelled comes to its end soon, and is waited for.
enum FoldersAtWork {
    private final class Work: Sendable {
        let ended = Future<Void>()
        let isCancelled = Atomic(false)
    }

    private static let works = Mutex<[String: Work]>([:])

    /// Does something that nobody else may do in the folder meanwhile. Throws `usage` when somebody is at work there.
    static func work<Value: Sendable>(
        in folder: String, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
    ) async throws -> Value {
        let (key, mine) = (key(folder), Work())
        while let other = works.withLock({ works -> Work? in
            if works[key] == nil { works[key] = mine }
            return works[key] === mine ? nil : works[key]
        }) { try await wait(for: other) }
        defer {
            works.withLock { $0[key] = nil }
            mine.ended.resolve(.success(()))
        }
        return try await withTaskCancellationHandler {
            try await body()
        } onCancel: {
            mine.isCancelled.store(true, ordering: .releasing)
        }
    }

    /// Waits for cancelled work in a folder. Throws `usage` when other work is under way there.
    static func requireFree(_ folder: String) async throws {
        while let other = works.withLock({ $0[key(folder)] }) { try await wait(for: other) }
    }

    /// Waits for cancelled work in a folder, so that what it leaves can be looked at.
    static func settle(_ folder: String) async {
        if let other = works.withLock({ $0[key(folder)] }), other.isCancelled.load(ordering: .acquiring) { await end(of: other) }
    }

    private static func wait(for other: Work) async throws {
        guard other.isCancelled.load(ordering: .acquiring) else {
            throw CookbookError.usage("this run is taking a step already", hint: "wait for the earlier call to end")
        }
        await end(of: other)
    }

    /// Awaiting the future itself would end it when the one who waits is cancelled.
    private static func end(of work: Work) async {
        await withCheckedContinuation { continuation in work.ended.whenDone { _ in continuation.resume() } }
    }

    private static func key(_ folder: String) -> String {
        URL(filePath: (folder as NSString).expandingTildeInPath).standardizedFileURL.path
    }
}
