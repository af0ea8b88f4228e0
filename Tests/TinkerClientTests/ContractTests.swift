import Engine
import Foundation
import ModelFiles
import TestSupport
import Testing
import TinkerClient
import TinkerServer
import TrainingAPI

/// The client over loopback, against our own server over the embedded engine.
@Suite(.serialized, .ownKernels, .timeLimit(.minutes(10))) struct ContractTests {
    /// The engine, and its server for as long as the tests run.
    private struct Subjects {
        let embedded: ContractSubject
        let remote: ContractSubject
    }

    private static let subjects = Task { try await serve() }

    private static func serve() async throws -> Subjects {
        let folder = ScratchFolder.url.appending(path: "contract-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try TinyModel().build().write(to: folder.appending(path: "tiny.gguf"))
        let store = ModelStore(folder: folder.path)
        let engine = EngineService(store: store, checkpointFolder: folder.appending(path: "checkpoints"), threads: 1)
        var configuration = ServerConfiguration()
        configuration.models = ["tiny"]
        configuration.checkpointFolder = folder.appending(path: "checkpoints")
        let listener = try HTTPListener(
            host: "127.0.0.1", port: 0, router: Router(service: engine, configuration: configuration))
        let (ports, found) = AsyncStream<UInt16>.makeStream()
        Task { try await listener.run { found.yield($0) } }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let address = try #require(ServiceAddress("http://127.0.0.1:\(port)"))
        let credentials = Credentials(apiKey: nil, address: address, environment: ["HOME": folder.path])
        let remote = RemoteService(
            connection: ServiceConnection(
                address: address, credentials: credentials, transport: CurlTransport(environment: [:])),
            tokenizers: RemoteTokenizers(path: nil, store: store, environment: ["HOME": folder.path]))
        return Subjects(
            embedded: ContractSubject(service: engine, model: "tiny"), remote: ContractSubject(service: remote, model: "tiny"))
    }

    @Test(
        "The client over loopback keeps to the contract of all services, with the same numbers as the engine in process",
        arguments: ServiceContract.all)
    func loopback(_ contract: ServiceContract) async throws {
        let subjects = try await Self.subjects.value
        let expected = try await contract.run(subjects.embedded)
        #expect(try await contract.run(subjects.remote) == expected)
    }
}
