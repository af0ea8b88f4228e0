public import Tensors

/// What a cell shows, as data: the terminal, notebooks, reports and Jupyter render it, each in its own way and only when they need
/// it.
public indirect enum DisplayValue: Sendable {
    /// Text as it is.
    case text(String)
    /// Rows under named columns.
    case table(DisplayTable)
    /// Curves, points or bars over two axes.
    case plot(Plot)
    /// Text coloured by a number for each token.
    case tokens(TokenText)
    /// A conversation.
    case messages([DisplayMessage])
    /// Two things next to each other.
    case pair(DisplayPair)
    /// Numbers in a shape.
    case tensor(Tensor)
    /// Sampled replies with their rewards.
    case samples(SampleList)
    /// Things below each other, under a title unless that is empty.
    case group(title: String, [DisplayValue])

    /// Values in the order of a cell's results: on one line where all are short texts, else below each other. Nil for none.
    public init?(results: [DisplayValue]) {
        let texts = results.compactMap { value -> String? in
            if case .text(let text) = value { text } else { nil }
        }
        guard let first = results.first else { return nil }
        if results.count == 1 {
            self = first
        } else if texts.count == results.count {
            self = .text(texts.joined(separator: texts.contains { $0.contains("\n") } ? "\n" : "  "))
        } else {
            self = .group(title: "", results)
        }
    }
}

/// A message of a conversation.
public struct DisplayMessage: Sendable, Equatable {
    /// Who speaks: `system`, `user`, `assistant` or `tool`.
    public var role: String
    /// What is said.
    public var content: String
    /// What there is to know about it, for instance its reward; empty for nothing.
    public var note: String

    /// A message by its parts.
    public init(role: String, content: String, note: String = "") {
        (self.role, self.content, self.note) = (role, content, note)
    }
}

/// Two things next to each other, for instance the two replies of a comparison.
public struct DisplayPair: Sendable {
    /// What stands above both; empty for nothing.
    public var title: String
    /// The headings of the two sides.
    public var headings: (left: String, right: String)
    /// The two sides.
    public var sides: (left: DisplayValue, right: DisplayValue)

    /// A pair by its parts.
    public init(title: String = "", left: (heading: String, value: DisplayValue), right: (heading: String, value: DisplayValue)) {
        self.title = title
        headings = (left.heading, right.heading)
        sides = (left.value, right.value)
    }
}
