/// What can go wrong inside of the engine itself.
package enum EngineError: Error, Sendable, Equatable {
    case outOfMemory(String)
}

extension EngineError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .outOfMemory(let what): "no memory for \(what)"
        }
    }
}
