import Display
import LuaRuntime

/// Coloured text as Lua holds it: what `rlhf.display.datum` and `.tokens` return.
final class TokenRuns: DisplayableObject {
    static let luaType = "TokenRuns"
    let text: TokenText

    init(_ text: TokenText) { self.text = text }

    var displayValue: DisplayValue { .tokens(text) }

    /// The type in Lua.
    static let binding = TypeBinding(
        name: luaType, doc: "Text coloured by what training makes of each token.",
        properties: [
            FunctionBinding("text", doc: "The text without colours or marks.", returns: "string") {
                .value(.string(try $0.object(0, as: TokenRuns.self).text.text))
            }
        ],
        operators: [
            FunctionBinding(
                "__tostring", doc: "Shows the text with marks instead of colours: [+learned+], [-unlearned-]."
            ) {
                let runs = try $0.object(0, as: TokenRuns.self)
                return .value(.string(TextRenderer().text(runs.displayValue)))
            }
        ])
}
