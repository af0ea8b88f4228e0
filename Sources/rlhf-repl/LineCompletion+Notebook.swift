import Notebook
import Terminal

extension LineCompletion {
    /// The notebook's answer as the line editor shows it.
    init(_ list: CompletionList) {
        self.init(
            word: list.word,
            candidates: list.candidates.map {
                Candidate(text: $0.text, suffix: $0.suffix, label: $0.label, detail: $0.detail)
            }, hint: list.signature, showsHintFirst: list.wantsSignature)
    }
}
