import Foundation

/// Transcripts in the form of Anthropic's hh-rlhf: `\n\nHuman: …\n\nAssistant: …`, turn by turn.
enum Transcript {
    /// The turns of a transcript, contents stripped of surrounding white space; nil if the text does not begin with one. Only a
    /// marker after a blank line starts a turn: people write `Human:` inside of their sentences.
    static func turns(_ text: String) -> [Message]? {
        // The blank line before the first marker may have been stripped.
        let bytes = Array("\n\n".utf8) + text.utf8.drop { $0 == 0x0a || $0 == 0x20 }
        var turns: [Message] = []
        var open: (role: String, start: Int)?
        var position = 0
        while position < bytes.count {
            if bytes[position] == 0x0a, let marker = markers.first(where: { bytes[position...].starts(with: $0.bytes) }) {
                if let open { turns.append(message(open.role, bytes[open.start..<position])) }
                position += marker.bytes.count
                open = (marker.role, position)
            } else if open == nil {
                return nil
            } else {
                position += 1
            }
        }
        return open.map { turns + [message($0.role, bytes[$0.start...])] }
    }

    /// Whether user and assistant take turns, the user first.
    static func alternates(_ turns: [Message]) -> Bool {
        turns.enumerated().allSatisfy { index, turn in turn.role == (index.isMultiple(of: 2) ? "user" : "assistant") }
    }

    /// The comparison of a chosen and a rejected transcript, which share all turns but the last.
    static func comparison(chosen: String, rejected: String) throws(RowProblem) -> LabeledComparison {
        guard let chosen = turns(chosen), let rejected = turns(rejected) else { throw .drop(.notATranscript) }
        guard chosen.count == rejected.count else { throw .drop(.turnCountsDiffer) }
        for turns in [chosen, rejected] {
            guard alternates(turns), turns.last?.role == "assistant" else { throw .drop(.notAlternating) }
        }
        guard chosen.dropLast() == rejected.dropLast() else { throw .drop(.promptsDiffer) }
        return LabeledComparison(
            comparison: Comparison(
                promptConversation: chosen.dropLast(), completionA: chosen.suffix(1), completionB: rejected.suffix(1)),
            label: .a)
    }

    private static let markers = [
        (bytes: Array("\n\nHuman:".utf8), role: "user"), (bytes: Array("\n\nAssistant:".utf8), role: "assistant"),
    ]

    private static func message(_ role: String, _ content: ArraySlice<UInt8>) -> Message {
        let text = String(decoding: content, as: UTF8.self)
        return Message(role: role, content: text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
