import Foundation

/// Where a service is.
package struct ServiceAddress: Sendable, Equatable {
    /// The base of all addresses, without a slash at the end.
    package let base: String
    /// Names the service in messages.
    package let host: String

    /// Services by short names.
    package static let presets = [
        "tinker": "https://tinker.thinkingmachines.dev/services/tinker-prod",
        "mint": "https://mint.macaron.xin",
    ]

    /// The address that a user has written, or of a preset. Nil if it is none, or holds a name and password, which would be shown.
    package init?(_ text: String) {
        var base = Self.presets[text.lowercased()] ?? text
        while base.hasSuffix("/") { base.removeLast() }
        guard let parts = URLComponents(string: base), ["http", "https"].contains(parts.scheme?.lowercased()),
            let host = parts.host, !host.isEmpty, parts.user == nil, parts.password == nil, parts.query == nil,
            parts.fragment == nil
        else { return nil }
        self.base = base
        self.host = host + (parts.port.map { ":\($0)" } ?? "")
    }

    /// Whether it is one of MinT's, whose keys are others.
    var isMint: Bool { host.split(separator: ".").first?.hasPrefix("mint") == true }
}
