import JSON

/// The most levels of a model's JSON files, whose own forms have three.
let jsonDepth = 64

extension JSONValue {
    /// What this is, for messages; a number with its spelling.
    var brief: String { number.map { "the number \($0.text)" } ?? kindInWords }
}
