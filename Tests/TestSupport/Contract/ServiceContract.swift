public import TrainingAPI

/// What every training service keeps to, as tests that any of them can be put to. Each runs on a service with the tiny model and
/// gives the numbers it has seen, so that services can be compared bit for bit.
public struct ServiceContract: Sendable, CustomStringConvertible {
    /// What the service has to do, as a sentence.
    public let description: String
    /// The test itself. Throws `ContractViolation`, or what the service throws where it should not.
    public let run: @Sendable (ContractSubject) async throws -> [Double]

    /// All of it.
    public static let all = offers + training + checkpoints + sampling + refusals
}

/// A service and the model that it is to be tested with.
public struct ContractSubject: Sendable {
    /// The service.
    public let service: any TrainingService
    /// A tiny model that the service offers, of a context of 256 tokens.
    public let model: String

    /// A service and its tiny model.
    public init(service: any TrainingService, model: String) {
        self.service = service
        self.model = model
    }
}

/// Where a service has broken the contract.
public struct ContractViolation: Error, CustomStringConvertible {
    /// What is not as it should be, and where.
    public let description: String
}

/// Throws a violation unless something holds.
func require(_ holds: Bool, _ what: @autoclosure () -> String, line: Int = #line) throws {
    if !holds { throw ContractViolation(description: "\(what()) (line \(line))") }
}

/// Throws a violation unless something fails with an error of this kind. A remote service may find a mistake in what it is sent
/// that the client cannot see; what it says of it is of the kind `service` then.
func requireError(
    _ kind: TrainingError.Kind, orOfService isFoundByService: Bool = false, _ what: String, line: Int = #line,
    _ body: () async throws -> Void
) async throws {
    do { try await body() } catch let error as TrainingError {
        return try require(
            error.kind == kind || isFoundByService && error.kind == .service, "\(what): \(error.kind) instead of \(kind): \(error)",
            line: line)
    }
    throw ContractViolation(description: "\(what): nothing is refused (line \(line))")
}
