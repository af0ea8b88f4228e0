extension GGUFFile {
    /// The string at a metadata key.
    func string(_ key: String) throws(ModelFileError) -> String { try present(optionalString(key), key) }

    /// The string at a metadata key, if the key is there.
    func optionalString(_ key: String) throws(ModelFileError) -> String? {
        try optional(key, "a string") { if case .string(let value) = $0 { value } else { nil } }
    }

    /// The boolean at a metadata key, if the key is there.
    func optionalBool(_ key: String) throws(ModelFileError) -> Bool? {
        try optional(key, "a boolean") { if case .bool(let value) = $0 { value } else { nil } }
    }

    /// The integer at a metadata key.
    func integer(_ key: String) throws(ModelFileError) -> Int { try present(optionalInteger(key), key) }

    /// The integer at a metadata key, if the key is there.
    func optionalInteger(_ key: String) throws(ModelFileError) -> Int? {
        try optional(key, "an integer") { if case .integer(let value) = $0 { Int(value) } else { nil } }
    }

    /// The number at a metadata key, if the key is there.
    func optionalNumber(_ key: String) throws(ModelFileError) -> Double? {
        try optional(key, "a number") { if case .number(let value) = $0 { value } else { nil } }
    }

    /// The list of strings at a metadata key.
    func strings(_ key: String) throws(ModelFileError) -> [String] {
        try present(optional(key, "a list of strings") { if case .strings(let value) = $0 { value } else { nil } }, key)
    }

    private func optional<T>(
        _ key: String, _ expected: String, _ value: (GGUFValue) -> T?
    ) throws(ModelFileError) -> T? {
        guard let stored = metadata[key] else { return nil }
        guard let value = value(stored) else {
            throw .malformed(file: path, part: "metadata '\(key)'", expected: expected, found: stored.kind)
        }
        return value
    }

    private func present<T>(_ value: T?, _ key: String) throws(ModelFileError) -> T {
        guard let value else { throw .missing(file: path, part: "metadata '\(key)'") }
        return value
    }
}
