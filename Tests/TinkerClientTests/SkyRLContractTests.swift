import Foundation
import ModelFiles
import TestSupport
import Testing
import TinkerClient

/// Where a SkyRL server listens.
private let skyRLAddress = ProcessInfo.processInfo.environment["RLHF_REPL_SKYRL"]

/// The client against a real SkyRL server, which `scripts/conformance --skyrl` starts; skipped elsewhere.
@Suite(.serialized, .enabled(if: skyRLAddress != nil)) struct SkyRLContractTests {
    /// The name of its model, which is the folder where the tokenizer lies.
    private static let model = ProcessInfo.processInfo.environment["RLHF_REPL_SKYRL_MODEL"] ?? ""

    /// Numbers of a batch depend on its shape there, and Adam's first steps, which take the sign of each gradient, make more of that.
    private static let tolerance = 2e-3

    private static let subject: ContractSubject? = {
        guard let address = skyRLAddress.flatMap({ ServiceAddress($0) }) else { return nil }
        let environment = ["HOME": ScratchFolder.url.path]
        let service = RemoteService(
            connection: ServiceConnection(
                address: address, credentials: Credentials(apiKey: nil, address: address, environment: environment),
                transport: CurlTransport(environment: [:])),
            tokenizers: RemoteTokenizers(path: nil, store: ModelStore(folder: "/nowhere"), environment: environment))
        return ContractSubject(
            service: service, model: model,
            lacks: [.contextLength, .multipleTargets, .clipping, .plainLoads, .snapshots, .dottedNames, .overwriting, .bookkeeping],
            tolerance: tolerance)
    }()

    @Test("SkyRL's server keeps to the contract by way of the client, or is refused", arguments: ServiceContract.all)
    func live(_ contract: ServiceContract) async throws {
        let subject = try #require(Self.subject)
        await #expect(throws: Never.self) { _ = try await contract.run(subject) }
    }
}
