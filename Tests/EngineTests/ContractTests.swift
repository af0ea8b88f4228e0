import TestSupport
import Testing

extension SerialTests {
    @Suite("The contract of all services")
    struct ContractTests {
        @Test("The embedded engine keeps to the contract of all services", arguments: ServiceContract.all)
        func embedded(_ contract: ServiceContract) async throws {
            let tiny = try TinyService()
            let subject = ContractSubject(service: tiny.service, model: TinyService.model)
            await #expect(throws: Never.self) { _ = try await contract.run(subject) }
            withExtendedLifetime(tiny) {}
        }
    }
}
