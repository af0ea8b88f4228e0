/// When output is coloured.
public enum ColorChoice: String, Sendable, CaseIterable {
    /// On a terminal that can show colours, unless `NO_COLOR` is set.
    case auto
    case always
    case never
}

/// Colours and weights of terminal text, or none of them.
public struct Style: Sendable, Equatable {
    /// A graphic rendition of ECMA-48.
    public enum Attribute: Int, Sendable {
        case bold = 1
        case dim = 2
        case underline = 4
        case red = 31
        case green = 32
        case yellow = 33
        case blue = 34
        case magenta = 35
        case cyan = 36
        case gray = 90
        case paleRed = 91
        case paleGreen = 92
    }

    /// Whether attributes are written at all.
    public let isEnabled: Bool

    /// A style that always or never writes attributes.
    public init(isEnabled: Bool) {
        self.isEnabled = isEnabled
    }

    /// Decides from the user's choice, the kind of output and the environment (`NO_COLOR` of no-color.org, `TERM`).
    public init(choice: ColorChoice, isTerminal: Bool, environment: [String: String]) {
        isEnabled =
            switch choice {
            case .always: true
            case .never: false
            case .auto:
                isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
                    && environment["TERM"].map { $0 != "dumb" } ?? false
            }
    }

    /// No attributes.
    public static let plain = Style(isEnabled: false)

    /// The text in the given attributes; each line is closed, so that a pager or a cut never leaks a colour.
    public func paint(_ text: String, _ attributes: Attribute...) -> String {
        guard isEnabled, !text.isEmpty, !attributes.isEmpty else { return text }
        let start = "\u{1B}[" + attributes.map { String($0.rawValue) }.joined(separator: ";") + "m"
        return text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : start + $0 + "\u{1B}[0m" }
            .joined(separator: "\n")
    }

    /// The text as part of a readline prompt: attributes are bracketed, so that they count as no columns.
    public func prompt(_ text: String, _ attributes: Attribute...) -> String {
        guard isEnabled else { return text }
        let codes = attributes.map { String($0.rawValue) }.joined(separator: ";")
        return "\u{1}\u{1B}[\(codes)m\u{2}\(text)\u{1}\u{1B}[0m\u{2}"
    }
}
