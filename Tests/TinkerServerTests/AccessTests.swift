import Synchronization
import TestSupport
import Testing
import TinkerServer
import TinkerWire

@Suite("Access and limits", .timeLimit(.minutes(10)))
struct AccessTests {
    @Test("with keys, nothing but the health check is answered without one of them")
    func keys() async throws {
        let server = try TestServer { $0.keys = APIKeys(fileText: "# ours\n\n tml-first \ntml-second\n") }
        #expect(await server.send("healthz", method: "GET").status == 200)
        for key in ["", "tml-firs", "tml-first!", "tml-second ", "#", "tml-firsttml-first"] {
            let response = await server.send("create_session", #"{"sdk_version":"1"}"#, headers: ["x-api-key": key])
            #expect(response.status == 401, "'\(key)'")
        }
        #expect(await server.send("create_session", #"{"sdk_version":"1"}"#).status == 401)
        for key in ["tml-first", "tml-second"] {
            #expect(await server.send("create_session", #"{"sdk_version":"1"}"#, headers: ["x-api-key": key]).status == 200)
        }
    }

    @Test("a key of another form is exchanged for a token, which opens the server for an hour")
    func tokens() async throws {
        let server = try TestServer { $0.keys = APIKeys(["sk-mint"]) }
        let config = await server.send("client/config", #"{"sdk_version":"0.22.0"}"#, headers: ["x-api-key": "sk-mint"])
        #expect(try config.members["pjwt_auth_enabled"] as? Bool == true)
        let exchange = await server.send("auth/token", "{}", headers: ["x-api-key": "sk-mint"])
        let token = try #require(try exchange.members["jwt"] as? String)
        #expect(token.hasPrefix("eyJ"))
        #expect(token.split(separator: ".").count == 3)
        let headers = ["x-api-key": token]
        #expect(await server.send("get_server_capabilities", method: "GET", headers: headers).status == 200)
        server.time.advance(by: 3601)
        #expect(await server.send("get_server_capabilities", method: "GET", headers: headers).status == 401)
        #expect(await server.send("get_server_capabilities", method: "GET", headers: ["x-api-key": token + "0"]).status == 401)
    }

    @Test("neither keys nor bodies are logged")
    func log() async throws {
        let lines = Mutex<[String]>([])
        let server = try TestServer { configuration in
            configuration.keys = APIKeys(["tml-secret"])
            configuration.log = { line in lines.withLock { $0.append(line) } }
        }
        _ = await server.send("create_session", #"{"sdk_version":"1","tags":["private"]}"#, headers: ["x-api-key": "tml-secret"])
        _ = await server.send("nothing\u{1b}[31m\nhere", method: "GET", headers: ["x-api-key": "tml-wrong"])
        let all = lines.withLock { $0 }
        #expect(all.count == 2)
        #expect(all[0].contains("POST /api/v1/create_session 200"))
        #expect(all.allSatisfy { !$0.contains("tml-") && !$0.contains("private") && !$0.contains("\u{1b}") && !$0.contains("\n") })
    }

    @Test("whatever is beyond a limit is refused with a status that clients do not repeat, and the limit is named")
    func limits() async throws {
        let server = try TestServer { configuration in
            configuration.limits.bodyBytes = 1000
            configuration.limits.headerBytes = 500
            configuration.limits.wire.tensorElements = 8
            configuration.limits.modelsPerSession = 1
        }
        let body = await server.send("create_session", String(repeating: " ", count: 1001))
        #expect(body.status == 413)
        #expect(body.text.contains("1000"))
        let headers = await server.send("create_session", "{}", headers: ["x-long": String(repeating: "a", count: 500)])
        #expect(headers.status == 431)
        #expect(headers.text.contains("500"))
        let session = try await server.openSession()
        let model = try await server.createModel(session)
        let second = await server.send(
            "create_model", #"{"session_id":"\#(session)","model_seq_id":1,"base_model":"toy"}"#)
        #expect(second.status == 400)
        #expect(second.text.contains("1 models"))
        let large = server.supervised(model, 1).replacing(#""shape":[2]"#, with: #""shape":[3,3]"#)
        let failure = try await server.result(server.ask("forward_backward", large))
        #expect(failure["category"] as? String == "user")
        #expect((failure["error"] as? String)?.contains("limit of 8") == true)
    }

    @Test("a full queue asks clients to come back, until results have been fetched")
    func fullQueue() async throws {
        let server = try TestServer { $0.limits.queuedCalls = 2 }
        let model = try await server.createModel(server.openSession())
        let first = try await server.ask("forward_backward", server.supervised(model, 1))
        let second = try await server.ask("forward_backward", server.supervised(model, 2))
        let third = await server.send("forward_backward", server.supervised(model, 3))
        #expect(third.status == 429)
        #expect(third.headers["retry-after"] != nil)
        _ = try await server.result(first)
        _ = try await server.result(second)
        #expect(await server.send("forward_backward", server.supervised(model, 3)).status == 202)
    }

    @Test("too many open requests are turned away for the moment")
    func openRequests() async throws {
        let server = try TestServer { $0.limits.openRequests = 1 }
        let model = try await server.createModel(server.openSession())
        let queued = try await server.ask("forward_backward", server.supervised(model, 2))
        let id = try #require(queued["request_id"] as? String)
        async let poll = server.send("retrieve_future", #"{"request_id":"\#(id)"}"#)
        await server.time.waitForSleeper()
        #expect(await server.send("healthz", method: "GET").status == 429)
        server.time.advance(by: 30)
        let answer = await poll
        #expect(answer.status == 408)
        #expect(await server.send("healthz", method: "GET").status == 200)
    }

    @Test(
        "what is no request is refused with 4xx",
        arguments: [
            ("POST", "create_session", "{", 422), ("POST", "create_session", "[]", 422), ("POST", "nothing", "{}", 404),
            ("GET", "create_session", "", 404),
            ("POST", "create_model", #"{"session_id":"x","model_seq_id":0,"base_model":"toy"}"#, 404),
            ("POST", "create_model", #"{"session_id":"x","model_seq_id":0,"base_model":"/etc/passwd"}"#, 404),
            ("POST", "get_info", #"{"model_id":"x"}"#, 404), ("POST", "forward_backward", #"{"model_id":"x","seq_id":1}"#, 404),
            ("POST", "session_heartbeat", #"{"session_id":"x"}"#, 410), ("GET", "samplers/x", "", 404), ("GET", "sessions/x", "", 404),
            ("GET", "training_runs/x", "", 404), ("DELETE", "training_runs/x/checkpoints/weights/y", "", 404),
            ("POST", "weights_info", #"{"tinker_path":"tinker://a/weights/b"}"#, 404), ("GET", "downloads/x", "", 404),
        ])
    func garbage(method: String, path: String, body: String, status: Int) async throws {
        let server = try TestServer()
        let response = await server.send(path, body, method: method)
        #expect(response.status == status, "\(response.text)")
        #expect(try response.members["detail"] is String)
    }

    @Test("pages of other sites cannot call: plain text and forms are refused")
    func contentTypes() async throws {
        let server = try TestServer()
        for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            #expect(await server.send("create_session", #"{"sdk_version":"1"}"#, headers: ["content-type": type]).status == 415)
        }
    }
}
