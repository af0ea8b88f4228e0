import JSON

/// The two ways in which SDKs and servers write JSON.
public enum JSONStyle: Sendable, Equatable {
    /// Every default is there, and what is unset is left out (SDK 0.18 and later).
    case explicit
    /// Defaults and the `type` of requests are left out, and some of what is unset is null (SDK up to 0.16).
    case sparse
}

extension JSONWriter {
    init(style: JSONStyle) { self.init(omitsDefaults: style == .sparse) }
}
