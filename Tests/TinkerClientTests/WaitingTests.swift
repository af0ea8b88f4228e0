import Foundation
import ModelFiles
import Synchronization
import TestSupport
import Testing
import TinkerClient
import TrainingAPI

/// Waiting for a service: it is told, and it can be given up at any time.
@Suite(.timeLimit(.minutes(10))) struct WaitingTests {
    private func service(
        _ transport: any HTTPTransport, pacing: Pacing, waiting: @escaping @Sendable (String?) -> Void = { _ in }
    ) throws -> RemoteService {
        let address = try #require(ServiceAddress("http://service.test"))
        return RemoteService(
            connection: ServiceConnection(
                address: address, credentials: Credentials(apiKey: nil, address: address, environment: ["HOME": "/nowhere"]),
                transport: transport, pacing: pacing, waiting: waiting),
            tokenizers: RemoteTokenizers(path: nil, store: ModelStore(folder: "/nowhere"), environment: ["HOME": "/nowhere"]))
    }

    @Test("Every ten seconds it is told what is waited for, in which state the queue is and for how long, until it is there")
    func reports() async throws {
        let lines = Mutex<[String?]>([])
        let time = Mutex(0.0)
        let tinker = TinyTinker { path, count in
            // The first result is the model, the others are there when two lines have been told.
            path == "/retrieve_future" && count > 1 && lines.withLock({ $0.count }) < 2
                ? .json(#"{"type":"try_again","request_id":"x","queue_state":"paused_capacity"}"#, status: 408) : nil
        }
        let pacing = Pacing(
            now: { time.withLock { $0 } },
            sleep: { seconds in
                try Task.checkCancellation()
                if seconds == 10 { time.withLock { $0 += 10 } }
                await Task.yield()
            }, random: { 0.5 })
        let service = try service(ScriptedTransport { try tinker.reply($0, $1) }, pacing: pacing) { line in
            lines.withLock { $0.append(line) }
        }
        let trainer = try await service.createLoraTrainingClient(baseModel: "tiny", config: LoraConfig(rank: 8)).value
        let steps = [trainer.optimStep(AdamParams()), trainer.optimStep(AdamParams())]
        for step in steps { _ = try await step.value }
        let told = lines.withLock { $0 }
        let line = try #require(told.first ?? nil)
        #expect(
            line.wholeMatch(of: #/service\.test: waiting for (2 times )?optim_step for \d+ s \((paused capacity|active)\)/#) != nil,
            "\(line)")
        #expect(told.contains { $0?.contains("paused capacity") == true })
        #expect(told.last == .some(nil))
    }

    /// Answers everything up to a path, and to that nothing until it is cancelled.
    private final class HangingTransport: HTTPTransport {
        private let path: String
        private let tinker = TinyTinker()
        let reached: AsyncStream<Void>
        private let reach: AsyncStream<Void>.Continuation

        init(at path: String) {
            self.path = path
            (reached, reach) = AsyncStream.makeStream()
        }

        func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPReply {
            let path = request.url.components(separatedBy: "/api/v1")[1]
            guard path.hasPrefix(self.path) else {
                do { return try tinker.reply(request, path) } catch { throw .broken("\(error)") }
            }
            reach.yield()
            // Ends by being cancelled alone.
            try? await Task.sleep(for: .seconds(3600))
            throw .cancelled
        }
    }

    @Test(
        "A wait for anything is given up at once when it is cancelled",
        arguments: [
            "/client/config", "/get_server_capabilities", "/create_session", "/create_sampling_session", "/asample", "/retrieve_future",
            "/training_runs",
        ])
    func cancellation(path: String) async throws {
        let transport = HangingTransport(at: path)
        let service = try service(transport, pacing: FakeTime().pacing)
        let future = Future<Void> {
            if path == "/training_runs" { _ = try await service.restClient?.trainingRuns(limit: 1, offset: 0).value }
            let sampler = try await service.createSamplingClient(baseModel: "tiny").value
            _ = try await sampler.computeLogprobs(ModelInput(tokens: [1, 2, 3])).value
        }
        var reached = transport.reached.makeAsyncIterator()
        await reached.next()
        future.cancel()
        await #expect(throws: TrainingError.cancelled) { try await future.value }
    }
}
