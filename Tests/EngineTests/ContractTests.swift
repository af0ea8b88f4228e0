import TestSupport
import Testing

extension SerialTests {
    @Suite("The contract of all services")
    struct ContractTests {
        @Test("The embedded engine keeps to the contract of all services", arguments: ServiceContract.all)
        func embedded(_ contract: ServiceContract) async throws {
            let tiny = try TinyService()
            _ = try await contract.run(ContractSubject(service: tiny.service, model: TinyService.model))
            withExtendedLifetime(tiny) {}
        }
    }
}
