import Foundation
import ModelFiles
import Synchronization
import TestSupport
import Testing
import TinkerClient
import TrainingAPI

/// What goes wrong between a user and a service is an error that names the service and says what to do.
@Suite(.timeLimit(.minutes(10))) struct BadInputTests {
    /// The error of asking a service at an address for what it offers, over libcurl.
    private func failure(_ url: String, key: String? = nil, environment: [String: String] = [:]) async throws -> TrainingError {
        let address = try #require(ServiceAddress(url))
        let service = RemoteService(
            connection: ServiceConnection(
                address: address, credentials: Credentials(apiKey: key, address: address, environment: ["HOME": "/nowhere"]),
                transport: CurlTransport(environment: environment), pacing: FakeTime().pacing),
            tokenizers: RemoteTokenizers(path: nil, store: ModelStore(folder: "/nowhere"), environment: ["HOME": "/nowhere"]))
        let error = await #expect(throws: TrainingError.self) { _ = try await service.serverCapabilities().value }
        return try #require(error)
    }

    private func serving(_ status: Int, _ body: String, type: String = "application/json", claimed: Int? = nil) throws
        -> ScriptedHTTPServer
    {
        try ScriptedHTTPServer { _ in
            .answer(status: status, headers: ["Content-Type": type], body: Data(body.utf8), claimedLength: claimed)
        }
    }

    @Test("A host that does not exist, and a port where nobody listens, are no connection")
    func noConnection() async throws {
        let port = try ScriptedHTTPServer { _ in .silence }.port
        for url in ["http://no-such-host.invalid", "http://127.0.0.1:\(port)"] {
            let error = try await failure(url)
            #expect(error.kind == .network)
            #expect(error.description.hasPrefix(url.dropFirst(7) + ": get_server_capabilities: no connection"))
            #expect(error.hint?.contains("check the address") == true)
        }
    }

    @Test(
        "A wrong key, a key without rights and a wrong path say what to check",
        arguments: [(401, "the key"), (403, "the key"), (404, "the address")])
    func refusals(status: Int, hint: String) async throws {
        let server = try serving(status, #"{"detail":"computer says no"}"#)
        let error = try await failure(server.url, key: "tml-secret")
        #expect(error.kind == .service)
        #expect(error.description == "127.0.0.1:\(server.port): get_server_capabilities: computer says no (status \(status))")
        #expect(error.hint?.contains(hint) == true)
    }

    @Test(
        "A web page, JSON of another shape, and no JSON are told from answers",
        arguments: ["<!DOCTYPE html><html>", "[1]", "hello", ""])
    func noAnswer(body: String) async throws {
        let server = try serving(200, body, type: body.hasPrefix("<") ? "text/html" : "application/json")
        let error = try await failure(server.url)
        #expect(error.kind == .service)
        #expect(error.description.contains("127.0.0.1:\(server.port)") && error.description.contains("makes no sense"))
        #expect(error.description.contains("web page") == body.hasPrefix("<"))
        #expect(error.hint?.contains("is the address right?") == true)
    }

    @Test("An answer of 2 GB is refused before it is read")
    func tooLarge() async throws {
        let server = try serving(200, "{", claimed: 2 << 30)
        let error = try await failure(server.url)
        #expect(error.kind == .network)
        #expect(error.description.contains("larger than 256 MB"))
    }

    @Test("A session that the service has ended is said to be over, and what to do")
    func sessionOver() async throws {
        let ended = Mutex(false)
        let tinker = TinyTinker { path, _ in path == "/session_heartbeat" ? HTTPReply(status: 410) : nil }
        let address = try #require(ServiceAddress("http://service.test"))
        let pacing = Pacing(
            now: { 0 },
            // The first heartbeat comes at once, and waits are never reported.
            sleep: { _ in if ended.withLock({ $0 }) { try await Task.sleep(for: .seconds(3600)) } }, random: { 0.5 })
        let service = RemoteService(
            connection: ServiceConnection(
                address: address, credentials: Credentials(apiKey: nil, address: address, environment: ["HOME": "/nowhere"]),
                transport: ScriptedTransport { try tinker.reply($0, $1) }, pacing: pacing,
                notice: { if $0.contains("has ended the session") { ended.withLock { $0 = true } } }),
            tokenizers: RemoteTokenizers(path: nil, store: ModelStore(folder: "/nowhere"), environment: ["HOME": "/nowhere"]))
        _ = try await service.createSamplingClient(baseModel: "tiny").value
        while !ended.withLock({ $0 }) { await Task.yield() }
        let error = await #expect(throws: TrainingError.self) {
            _ = try await service.createLoraTrainingClient(baseModel: "tiny", config: LoraConfig()).value
        }
        #expect(error?.description.contains("the service has ended the session") == true)
        #expect(error?.hint?.contains("make a new ServiceClient") == true)
    }

    // MARK: TLS

    /// `openssl s_server` with a certificate of its own for the name localhost; every page is one of its own.
    private final class TLSServer: @unchecked Sendable {
        let port: Int
        let certificate: String
        private let folder: URL
        private let process: Process

        init() throws {
            folder = ScratchFolder.url.appending(path: "tls-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            certificate = folder.appending(path: "certificate.pem").path
            let key = folder.appending(path: "key.pem").path
            let made = try Self.start([
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
            ])
            made.process.waitUntilExit()
            let server = try Self.start(["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"])
            process = server.process
            var text = ""
            while true {
                let part = server.output.fileHandleForReading.availableData
                text += String(decoding: part, as: UTF8.self)
                if let found = text.firstMatch(of: #/ACCEPT \S*:(\d+)\n/#), let port = Int(found.1) {
                    self.port = port
                    return
                }
                if part.isEmpty { throw POSIXError(.ECONNREFUSED) }
            }
        }

        deinit {
            // It does not listen to anything less.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            try? FileManager.default.removeItem(at: folder)
        }

        private static func start(_ arguments: [String]) throws -> (process: Process, output: Pipe) {
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(filePath: "/usr/bin/openssl")
            process.arguments = arguments
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            process.standardInput = FileHandle.nullDevice
            try process.run()
            return (process, output)
        }
    }

    @Test(
        "A certificate that nobody vouches for, or of another name, is not trusted; SSL_CERT_FILE and CURL_CA_BUNDLE name more authorities",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
    func certificates() async throws {
        // Programs are waited for on a thread of its own: tasks share few.
        let server = try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try TLSServer() }) }.start()
        }
        let byName = "https://localhost:\(server.port)", byNumber = "https://127.0.0.1:\(server.port)"
        for (url, environment) in [(byName, [:]), (byNumber, ["SSL_CERT_FILE": server.certificate])] {
            let error = try await failure(url, environment: environment)
            #expect(error.kind == .network)
            #expect(error.description.contains("\(server.port): get_server_capabilities: the connection cannot be trusted"))
            #expect(error.hint?.contains("SSL_CERT_FILE") == true)
        }
        for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE"] {
            let request = HTTPRequest(method: "GET", url: byName, headers: [], body: nil, timeout: 10, replyLimit: 1 << 20)
            let reply = try await CurlTransport(environment: [name: server.certificate]).send(request)
            #expect(reply.status == 200)
        }
        withExtendedLifetime(server) {}
    }
}
