import Cookbook
import Foundation
import Synchronization
import TestSupport
import TrainingAPI

/// A folder that goes away with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = ScratchFolder.url.appendingPathComponent("cookbook-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

/// Keeps what a runner tells.
final class RecordedProgress: ProgressSink {
    private let reports = Mutex<[StageProgress]>([])
    private let notes = Mutex<[String]>([])

    var allReports: [StageProgress] { reports.withLock { $0 } }
    var allNotes: [String] { notes.withLock { $0 } }

    func report(_ progress: StageProgress) { reports.withLock { $0.append(progress) } }
    func note(_ message: String) { notes.withLock { $0.append(message) } }
}

enum Fixtures {
    static let answers = ["yes", "no", "maybe", "sure", "never", "always"]

    static let conversations: [[Message]] = answers.enumerated().map { index, answer in
        [.user("q\(index)"), .assistant(answer)]
    }

    /// The polite reply is always better; the label's place alternates.
    static let comparisons: [LabeledComparison] = (0..<12).map { index in
        let row = LabeledComparison(
            comparison: Comparison(
                promptConversation: [.user("q\(index)")], completionA: [.assistant("please \(index)")],
                completionB: [.assistant("zzz \(index)")]), label: .a)
        return index.isMultiple(of: 2) ? row : row.swapped
    }

    static func settings(_ path: String, rate: Double = 0.3, epochs: Int = 2) -> RunSettings {
        var settings = RunSettings(
            logPath: path, modelName: FakeService.modelName, rendererName: "chatml", learningRate: rate,
            numEpochs: epochs)
        settings.saveEvery = 2
        settings.evalEvery = 2
        return settings
    }

    /// The rows without the time that they took.
    static func untimed(_ metrics: Metrics) -> [Metrics.Row] {
        metrics.rows.map { row in Metrics.Row(step: row.step, values: row.values.filter { !$0.key.hasPrefix("time/") })
        }
    }
}
