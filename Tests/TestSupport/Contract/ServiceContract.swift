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
    /// What the service cannot have. The client has to refuse it instead.
    public let lacks: Set<Lack>
    /// How far apart numbers may be that have equal bits on the embedded engine, whose numbers do not depend on their batch.
    public let tolerance: Double

    /// What some services cannot have.
    public enum Lack: Sendable {
        /// It does not say how long its context is, so samples need a limit.
        case contextLength
        /// It takes one target at each position.
        case multipleTargets
        /// It does not clip gradients.
        case clipping
        /// It loads the optimizer with the weights always.
        case plainLoads
        /// It samples saved weights until they are trained on.
        case snapshots
        /// Names of checkpoints have letters, digits, - and _ alone.
        case dottedNames
        /// Names that are taken stay taken.
        case overwriting
        /// It describes checkpoints by their names alone, and deletes none.
        case bookkeeping
    }

    /// A service and its tiny model.
    public init(service: any TrainingService, model: String, lacks: Set<Lack> = [], tolerance: Double = 0) {
        self.service = service
        self.model = model
        self.lacks = lacks
        self.tolerance = tolerance
    }

    /// Whether numbers are the same.
    func agree(_ first: [Double], _ second: [Double]) -> Bool {
        first == second || first.count == second.count && zip(first, second).allSatisfy { abs($0 - $1) <= tolerance || $0 == $1 }
    }

    /// Whether logprobs are the same.
    func agree(_ first: [Float?], _ second: [Float?]) -> Bool {
        agree(first.map { $0.map(Double.init) ?? .infinity }, second.map { $0.map(Double.init) ?? .infinity })
    }

    /// Whether the same was drawn.
    func agree(_ first: SampleResponse, _ second: SampleResponse) -> Bool {
        first.sequences.map(\.tokens) == second.sequences.map(\.tokens) && agree(first.numbers, second.numbers)
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
