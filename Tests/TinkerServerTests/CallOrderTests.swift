import TestSupport
import Testing
import TinkerServer

@Suite("Training calls", .timeLimit(.minutes(10)))
struct CallOrderTests {
    @Test("calls run in the order of their numbers, whatever order they arrive in")
    func order() async throws {
        let server = try TestServer()
        let model = try await server.createModel(server.openSession())
        // Two calls and a step, the first call last; then what the model has learned shows.
        let second = try await server.ask("forward_backward", server.supervised(model, 2))
        let step = try await server.ask("optim_step", server.step(model, 3))
        #expect(server.service.record.forwardBackwardCalls == 0)
        #expect(server.service.record.optimSteps == 0)
        let first = try await server.ask("forward_backward", server.supervised(model, 1))
        #expect(try await (server.result(step)["metrics"] as? [String: Double])?["grad_norm"] ?? 0 > 0)
        #expect(server.service.record.forwardBackwardCalls == 2)
        #expect(first["request_id"] as? String == "\(model):1")
        let loss = try await server.result(first)["metrics"] as? [String: Double]
        // Two targets under a uniform distribution of 259 tokens: 2 ln 259.
        #expect(abs((loss?["loss:sum"] ?? 0) - 11.113656) < 1e-5)
        _ = try await server.result(second)
    }

    @Test("a call that is sent again is run once and has the same result; with other contents it is refused for good")
    func retries() async throws {
        let server = try TestServer()
        let model = try await server.createModel(server.openSession())
        let body = server.supervised(model, 1)
        let first = try await server.ask("forward_backward", body)
        let again = try await server.ask("forward_backward", body)
        #expect(first["request_id"] as? String == again["request_id"] as? String)
        let results = [try await server.result(first), try await server.result(again)]
        #expect(results[0]["metrics"] as? [String: Double] == results[1]["metrics"] as? [String: Double])
        #expect(server.service.record.forwardBackwardCalls == 1)
        #expect(await server.send("forward_backward", server.supervised(model, 1, weight: 2)).status == 400)
        #expect(server.service.record.forwardBackwardCalls == 1)
    }

    @Test("a call that cannot be run takes its turn and fails as the user's mistake; the next one runs")
    func refusedCalls() async throws {
        let server = try TestServer()
        let model = try await server.createModel(server.openSession())
        let unknown = try await server.ask("forward_backward", server.supervised(model, 1, loss: "nonsense"))
        let broken = try await server.ask("forward_backward", #"{"model_id":"\#(model)","seq_id":2,"forward_backward_input":{}}"#)
        let good = try await server.ask("forward_backward", server.supervised(model, 3))
        for queued in [unknown, broken] {
            let failure = try await server.result(queued)
            #expect(failure["category"] as? String == "user")
        }
        #expect((try await server.result(unknown)["error"] as? String)?.contains("nonsense") == true)
        #expect(try await server.result(good)["metrics"] != nil)
    }

    @Test("calls behind one that never comes fail when patience is over, and say which one is missing")
    func gaps() async throws {
        let server = try TestServer()
        let session = try await server.openSession()
        let model = try await server.createModel(session)
        let queued = try await server.ask("forward_backward", server.supervised(model, 2))
        for _ in 0..<4 {
            server.time.advance(by: 100)
            _ = try await server.ask("session_heartbeat", #"{"session_id":"\#(session)"}"#)
            await server.router.sweep()
        }
        let failure = try await server.result(queued)
        #expect((failure["error"] as? String)?.contains("call 1 of model") == true)
        #expect(try await server.result(server.ask("forward_backward", server.supervised(model, 3)))["metrics"] != nil)
        #expect(server.service.record.forwardBackwardCalls == 1)
    }

    @Test("models of several sessions train at once and apart from each other")
    func manyClients() async throws {
        let server = try TestServer()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 1...16 {
                group.addTask {
                    let model = try await server.createModel(server.openSession())
                    for call in 1...client { _ = try await server.ask("forward_backward", server.supervised(model, call)) }
                    let step = try await server.ask("optim_step", server.step(model, client + 1))
                    // The gradient adds up over a model's own calls alone: each adds the same again, whose norm is 1.865 by hand.
                    let norm = try await (server.result(step)["metrics"] as? [String: Double])?["grad_norm"] ?? 0
                    #expect(abs(norm / Double(client) - 1.8648) < 0.01, "\(norm) for \(client)")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("metrics have names that SDKs can merge")
    func metricNames() async throws {
        let server = try TestServer()
        let model = try await server.createModel(server.openSession())
        let result = try await server.result(server.ask("forward_backward", server.supervised(model, 1)))
        let names = try #require(result["metrics"] as? [String: Double]).keys
        #expect(names.contains("loss:sum"))
        #expect(names.allSatisfy { $0.split(separator: ":").count == 2 })
    }
}
