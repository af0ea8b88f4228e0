import Foundation
import TestSupport
import Testing
import TinkerServer
import TrainingAPI

@Suite("Sessions", .timeLimit(.minutes(10)))
struct SessionTests {
    @Test("a session that stops beating is closed and what it owns is freed")
    func expiry() async throws {
        let server = try TestServer()
        let (silent, alive) = (try await server.openSession(), try await server.openSession())
        let model = try await server.createModel(silent)
        _ = try await server.createModel(alive)
        let waiting = try await server.ask("forward_backward", server.supervised(model, 2))
        for _ in 0..<4 {
            server.time.advance(by: 100)
            _ = try await server.ask("session_heartbeat", #"{"session_id":"\#(alive)"}"#)
            await server.router.sweep()
        }
        #expect(await server.send("session_heartbeat", #"{"session_id":"\#(silent)"}"#).status == 410)
        #expect(await server.send("get_info", #"{"model_id":"\#(model)"}"#).status == 404)
        let id = try #require(waiting["request_id"] as? String)
        #expect(await server.send("retrieve_future", #"{"request_id":"\#(id)"}"#).status == 410)
        #expect(await server.send("get_info", #"{"model_id":"\#(alive):train:0"}"#).status == 200)
        #expect(try await server.ask("sessions", method: "GET")["sessions"] as? [String] == [alive])
    }

    @Test("any call of a client keeps its session alive")
    func activity() async throws {
        let server = try TestServer()
        let model = try await server.createModel(server.openSession())
        for call in 1...4 {
            server.time.advance(by: 200)
            await server.router.sweep()
            _ = try await server.ask("forward_backward", server.supervised(model, call))
        }
    }

    @Test("finish closes a session at once")
    func finish() async throws {
        let server = try TestServer()
        let session = try await server.openSession()
        _ = try await server.createModel(session)
        let response = await server.send("sessions/\(session)/finish", #"{"reason":{"type":"success"},"detail":null}"#)
        #expect(response.status == 204)
        #expect(await server.send("get_info", #"{"model_id":"\#(session):train:0"}"#).status == 404)
    }

    @Test("a session whose client waits for an answer is alive, and time in which the server could not hear does not count")
    func signsOfLife() async throws {
        let server = try TestServer {
            $0.limits.pollHold = .seconds(1000)
            $0.limits.gapPatience = 1e6
        }
        let session = try await server.openSession()
        let model = try await server.createModel(session)
        let id = try #require(try await server.ask("forward_backward", server.supervised(model, 2))["request_id"] as? String)
        async let poll = server.send("retrieve_future", #"{"request_id":"\#(id)"}"#)
        await server.time.waitForSleeper()
        server.time.advance(by: 900)
        await server.router.sweep()
        server.time.advance(by: 200)
        #expect(await poll.status == 408)
        server.time.advance(by: 299)
        await server.router.sweep()
        server.time.advance(by: 5000)
        await server.router.excuse(seconds: 5000)
        await server.router.sweep()
        #expect(await server.send("session_heartbeat", #"{"session_id":"\#(session)"}"#).status == 200)
        server.time.advance(by: 301)
        await server.router.sweep()
        #expect(await server.send("session_heartbeat", #"{"session_id":"\#(session)"}"#).status == 410)
    }

    @Test("a stopping server takes no more work and finishes what is queued")
    func stopping() async throws {
        let server = try TestServer()
        let session = try await server.openSession()
        let model = try await server.createModel(session)
        let waiting = try await server.ask("forward_backward", server.supervised(model, 2))
        async let drained: Void = server.router.drain(within: .seconds(60))
        await server.time.waitForSleeper()
        #expect(await server.send("forward_backward", server.supervised(model, 3)).status == 503)
        server.time.advance(by: 61)
        await drained
        let id = try #require(waiting["request_id"] as? String)
        #expect(await server.send("retrieve_future", #"{"request_id":"\#(id)"}"#).status == 410)
    }

    @Test("the status page counts sessions, models, queue and tokens")
    func status() async throws {
        let server = try TestServer()
        let session = try await server.openSession()
        let model = try await server.createModel(session)
        _ = try await server.result(server.ask("forward_backward", server.supervised(model, 1)))
        let page = await server.router.handle(ServerRequest(method: "GET", path: "/status")).text
        #expect(page.contains("toy service"))
        #expect(page.contains("sessions   1\nmodels     1\n"))
        #expect(page.contains("\(model): toy, rank 4"))
    }
}

@Suite("Checkpoints", .timeLimit(.minutes(10)))
struct CheckpointTests {
    @Test("a client goes on from a saved path after the server has been started again")
    func restart() async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let disk = FakeService.Disk(), file = folder.appending(path: "catalogue.json")
        var path = ""
        do {
            let server = try TestServer(FakeService(disk: disk), catalogue: file)
            let model = try await server.createModel(server.openSession())
            _ = try await server.ask("forward_backward", server.supervised(model, 1))
            _ = try await server.ask("optim_step", server.step(model, 2))
            let saved = try await server.ask(
                "save_weights", #"{"model_id":"\#(model)","path":"first","seq_id":3,"overwrite":false,"user_metadata":{"a":"b"}}"#)
            path = try #require(try await server.result(saved)["path"] as? String)
            #expect(path == "tinker://\(model)/weights/first")
        }
        let server = try TestServer(FakeService(disk: disk), catalogue: file)
        let info = try await server.ask("weights_info", #"{"tinker_path":"\#(path)"}"#)
        #expect(info["base_model"] as? String == "toy")
        #expect(info["lora_rank"] as? Int == 4)
        let session = try await server.openSession()
        let loaded = try await server.ask(
            "load_weights", #"{"session_id":"\#(session)","model_seq_id":0,"path":"\#(path)","optimizer":true}"#)
        #expect(try await server.result(loaded)["model_id"] as? String == "\(session):train:0")
        // The step before the restart has lowered the loss from 2 ln 259.
        let result = try await server.result(server.ask("forward_backward", server.supervised("\(session):train:0", 1)))
        #expect((result["metrics"] as? [String: Double])?["loss:sum"] ?? 99 < 10)
    }

    @Test("the older form loads into a model as its first call")
    func legacyLoad() async throws {
        let server = try TestServer()
        let session = try await server.openSession()
        let model = try await server.createModel(session)
        let saved = try await server.ask("save_weights", #"{"model_id":"\#(model)","path":"st","seq_id":1}"#)
        let path = try #require(try await server.result(saved)["path"] as? String)
        let other = try await server.createModel(session, 1)
        let loaded = try await server.ask(
            "load_weights", #"{"model_id":"\#(other)","seq_id":1,"path":"\#(path)","optimizer":false}"#)
        #expect(try await server.result(loaded)["type"] as? String == "load_weights")
        let missing = try await server.ask(
            "load_weights", #"{"model_id":"\#(other)","seq_id":2,"path":"tinker://x/weights/y","optimizer":false}"#)
        let failure = try await server.result(missing)
        #expect((failure["error"] as? String)?.contains("tinker://x/weights/y") == true)
        #expect(failure["category"] as? String == "user")
    }

    @Test("checkpoints are listed, published, given a time to live, and deleted")
    func resources() async throws {
        let server = try TestServer()
        let model = try await server.createModel(server.openSession())
        for (call, name) in [(1, "a"), (2, "b")] {
            _ = try await server.result(
                server.ask("save_weights", #"{"model_id":"\#(model)","path":"\#(name)","seq_id":\#(call)}"#))
            server.time.advance(by: 1)
        }
        _ = try await server.result(
            server.ask("save_weights_for_sampler", #"{"model_id":"\#(model)","path":"s","seq_id":3,"ttl_seconds":3600}"#))
        func ids(_ path: String, query: [String: String] = [:]) async throws -> [String] {
            let all = try await server.ask(path, method: "GET", query: query)["checkpoints"] as? [[String: Any]]
            return try #require(all).compactMap { $0["checkpoint_id"] as? String }
        }
        #expect(try await ids("training_runs/\(model)/checkpoints") == ["sampler_weights/s", "weights/b", "weights/a"])
        #expect(try await ids("checkpoints", query: ["limit": "1", "offset": "1"]) == ["weights/b"])
        let run = try await server.ask("training_runs/\(model)", method: "GET")
        #expect((run["last_checkpoint"] as? [String: Any])?["checkpoint_id"] as? String == "weights/b")
        let runs = try await server.ask("training_runs", method: "GET")
        #expect((runs["training_runs"] as? [[String: Any]])?.count == 1)
        let place = "training_runs/\(model)/checkpoints/weights/a"
        for (method, path, body) in [
            ("POST", place + "/publish", ""), ("POST", place + "/publish", ""), ("DELETE", place + "/publish", ""),
            ("PUT", place + "/ttl", #"{"ttl_seconds":7200}"#), ("PUT", place + "/ttl", #"{"ttl_seconds":null}"#), ("DELETE", place, ""),
        ] { #expect(await server.send(path, body, method: method).status == 204, "\(method) \(path)") }
        #expect(await server.send(place, method: "DELETE").status == 404)
        #expect(await server.send("checkpoints", method: "GET", query: ["limit": "-1"]).status == 422)
        // The sampler's time is over after an hour.
        server.time.advance(by: 3601)
        await server.router.sweep()
        #expect(try await ids("checkpoints") == ["weights/b"])
    }

    @Test("a name that exists is refused when the client asks not to overwrite")
    func overwriting() async throws {
        let server = try TestServer()
        let model = try await server.createModel(server.openSession())
        func save(_ call: Int, _ overwrite: Bool) async throws -> [String: Any] {
            try await server.result(
                server.ask("save_weights", #"{"model_id":"\#(model)","path":"a","seq_id":\#(call),"overwrite":\#(overwrite)}"#))
        }
        #expect(try await save(1, false)["path"] != nil)
        #expect((try await save(2, false)["error"] as? String)?.contains("exists") == true)
        #expect(try await save(3, true)["path"] != nil)
    }
}
