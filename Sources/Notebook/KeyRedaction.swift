import Foundation

/// Takes literal keys out of source that is kept: transcripts and histories are shown to others.
public enum KeyRedaction {
    /// The source with each `api_key = "..."` made `nil`, so that it still runs, with the key of the environment.
    public static func redacted(_ source: String) -> String {
        source.replacingOccurrences(
            of: #"(\bapi_key\s*=\s*)(?:"[^"\n]*"|'[^'\n]*'|\[\[[^\]]*\]\])"#, with: "$1nil --[[left out]]",
            options: .regularExpression)
    }
}
