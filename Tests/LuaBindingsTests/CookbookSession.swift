import Cookbook
import Display
import Foundation
import LuaBindings
import LuaRuntime
import Synchronization
import TestSupport
import TrainingAPI

/// A session over the toy service, with a folder that goes away with it.
final class CookbookSession: Sendable {
    let folder = ScratchFolder.url.appendingPathComponent("bindings-\(UUID().uuidString)").path
    let service: FakeService
    let progress = ProgressRecord()
    let plots = Mutex<[Plot]>([])

    init(service: FakeService = FakeService()) { self.service = service }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// What the last cell has shown, what all have printed, and the error that ended them.
    struct Outcome: Sendable {
        var shown = ""
        /// What each cell has shown.
        var cells: [String] = []
        var printed = ""
        var error: LuaError?
    }

    var registry: Registry {
        var registry = Registry()
        registry.addFutures()
        registry.addTensors()
        registry.addPlot { _ in }
        let service = service
        registry.addClients(ClientBindings(service: { _ in service }, defaultModel: FakeService.modelName))
        registry.addCookbook(context)
        return registry
    }

    var context: CookbookContext {
        CookbookContext(
            service: service, modelName: FakeService.modelName, logDir: folder,
            preferenceModels: PreferenceModelIndex(path: folder + "/data/preference_models.jsonl"), progress: progress,
            now: { Date(timeIntervalSince1970: 0) })
    }

    /// Runs cells one after the other until one fails, on a thread of their own as the session does. `{FOLDER}` stands for the folder.
    func run(_ cells: String...) async throws -> Outcome {
        let cells = cells.map { $0.replacingOccurrences(of: "{FOLDER}", with: folder) }
        return try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                continuation.resume(with: Result { try self.evaluate(cells) })
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    private func evaluate(_ cells: [String]) throws -> Outcome {
        final class Sink { var text = "" }
        let sink = Sink()
        let state = try LuaState { sink.text += $0 }
        state.display = { [self] value in
            if case .plot(let plot) = value { plots.withLock { $0.append(plot) } }
            sink.text += TextRenderer().text(value) + "\n"
        }
        try registry.install(into: state)
        progress.interrupt.withLock { $0 = { [mailbox = state.mailbox] in mailbox.interrupt() } }
        defer { progress.interrupt.withLock { $0 = nil } }
        var outcome = Outcome()
        for (index, cell) in cells.enumerated() {
            let result = state.evaluate(cell, cellName: "cell[\(index + 1)]")
            outcome.shown = result.values.map { state.describe($0, quotesStrings: false) }.joined(separator: " ")
            outcome.cells.append(outcome.shown)
            outcome.error = result.error
            if result.error != nil { break }
        }
        // What was posted last is still to be printed.
        state.servePending()
        outcome.printed = sink.text
        return outcome
    }
}

/// Keeps what runners tell, and can press Ctrl-C when one has come to a step.
final class ProgressRecord: ProgressSink {
    let reports = Mutex<[StageProgress]>([])
    let notes = Mutex<[String]>([])
    let interrupt = Mutex<(@Sendable () -> Void)?>(nil)
    /// The stage and step at which Ctrl-C is pressed.
    let interruptAt = Mutex<(stage: String, done: Int)?>(nil)

    func report(_ progress: StageProgress) {
        reports.withLock { $0.append(progress) }
        let isDue = interruptAt.withLock { $0.map { $0.stage == progress.stage && $0.done == progress.done } ?? false }
        if isDue { interrupt.withLock { $0 }?() }
    }

    func note(_ message: String) { notes.withLock { $0.append(message) } }
}

/// Lua that the tests share.
enum Sources {
    static let tokenizer =
        "local tok = rlhf.ServiceClient{}:create_lora_training_client{base_model = 'toy'}:get_tokenizer()\n"

    /// Six short conversations.
    static let chats = """
        local chats = {}
        for i, answer in ipairs{"yes", "no", "maybe", "sure", "never", "always"} do
          chats[i] = {messages = {{role = "user", content = "q" .. i}, {role = "assistant", content = answer}}}
        end

        """

    /// Twelve comparisons; the polite reply is better.
    static let pairs = """
        local pairs_ = {}
        for i = 1, 12 do
          pairs_[i] = {prompt = "q" .. i, chosen = "please " .. i, rejected = "zzz " .. i, category = i % 2 == 0 and "even" or "odd"}
        end

        """
}
