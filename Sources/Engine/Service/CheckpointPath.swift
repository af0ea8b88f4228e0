import TrainingAPI

/// The name of a checkpoint: `tinker://RUN/weights/NAME` (with the optimizer) or `tinker://RUN/sampler_weights/NAME`.
struct CheckpointPath: Sendable, Equatable {
    enum Kind: String, Sendable { case weights, samplerWeights = "sampler_weights" }

    let run: String
    let kind: Kind
    let name: String

    /// Throws `usage` for a name that cannot be a file's.
    init(run: String, kind: Kind, name: String) throws(TrainingError) {
        for part in [run, name] {
            guard !part.isEmpty, part != ".", part != "..", !part.hasPrefix("."),
                part.utf8.allSatisfy({ $0 != UInt8(ascii: "/") && $0 > 32 && $0 != 127 })
            else {
                throw .usage("'\(part)' cannot name a checkpoint", hint: "use letters, digits, '-', '_' and '.'")
            }
        }
        self.run = run
        self.kind = kind
        self.name = name
    }

    /// Reads a `tinker://` path.
    init(_ text: String) throws(TrainingError) {
        let scheme = "tinker://"
        let parts = text.dropFirst(scheme.count).split(separator: "/", omittingEmptySubsequences: false).map(
            String.init)
        guard text.hasPrefix(scheme), parts.count == 3, let kind = Kind(rawValue: parts[1]) else {
            throw .usage(
                "'\(text)' is no checkpoint path",
                hint: "expected tinker://RUN/weights/NAME or tinker://RUN/sampler_weights/NAME")
        }
        try self.init(run: parts[0], kind: kind, name: parts[2])
    }
}

extension CheckpointPath: CustomStringConvertible {
    var description: String { "tinker://\(run)/\(kind.rawValue)/\(name)" }
}
