import Foundation

/// Takes keys out of text that is kept: transcripts, histories and exports are shown to others.
public enum KeyRedaction {
    /// The text with each `api_key = "..."` made `nil`, so that a source still runs, with the key of the environment; and with the
    /// keys of the environment themselves left out, should a cell have printed one.
    public static func redacted(_ source: String) -> String {
        redacted(source, secrets: environmentKeys)
    }

    static func redacted(_ source: String, secrets: [String]) -> String {
        var text = source
        if text.contains("api_key") {
            text = text.replacingOccurrences(
                of: #"(\bapi_key\s*=\s*)(?:"[^"\n]*"|'[^'\n]*'|\[\[[^\]]*\]\])"#, with: "$1nil --[[left out]]",
                options: .regularExpression)
        }
        for secret in secrets where text.contains(secret) { text = text.replacing(secret, with: "[key left out]") }
        return text
    }

    /// The values of variables such as `TINKER_API_KEY`; short ones are no keys but would tear words apart.
    private static let environmentKeys: [String] = ProcessInfo.processInfo.environment
        .filter { $0.key.hasSuffix("_API_KEY") && $0.value.count >= 8 }.map(\.value)
}
