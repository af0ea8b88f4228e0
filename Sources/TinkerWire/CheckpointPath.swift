extension Wire {
    /// Where weights are kept: `tinker://RUN/weights/NAME`. Split by hand, because a run's id has colons, which a URL would take
    /// for a port.
    public struct CheckpointPath: Sendable, Equatable {
        /// What was saved.
        public enum Kind: String, Sendable {
            case training = "weights"
            case sampler = "sampler_weights"
            case external = "external_weights"
        }

        /// The model's id, for instance `SESSION:train:0`.
        public var run: String
        /// What was saved; nil in SkyRL's `tinker://RUN/NAME`.
        public var kind: Kind?
        /// The checkpoint's name.
        public var name: String
        /// `tinker`, or `mint` where MinT prints it.
        public var scheme: String

        /// Made of its parts.
        public init(run: String, kind: Kind?, name: String, scheme: String = "tinker") {
            self.run = run
            self.kind = kind
            self.name = name
            self.scheme = scheme
        }

        /// Reads a path; nil if it is none.
        public init?(_ text: String) {
            guard let scheme = ["tinker", "mint"].first(where: { text.hasPrefix($0 + "://") }) else { return nil }
            let parts = text.dropFirst(scheme.count + 3).split(separator: "/", omittingEmptySubsequences: false)
            guard (2...3).contains(parts.count), let run = parts.first, let name = parts.last, !run.isEmpty, !name.isEmpty
            else { return nil }
            let kind = parts.count == 3 ? Kind(rawValue: String(parts[1])) : nil
            guard parts.count == 2 || kind != nil else { return nil }
            self.init(run: String(run), kind: kind, name: String(name), scheme: scheme)
        }

        /// How lists and addresses name it within its run: `weights/NAME`.
        public var checkpointID: String { kind.map { $0.rawValue + "/" + name } ?? name }
    }
}

extension Wire.CheckpointPath: CustomStringConvertible {
    /// The path as text.
    public var description: String { "\(scheme)://\(run)/\(checkpointID)" }
}
