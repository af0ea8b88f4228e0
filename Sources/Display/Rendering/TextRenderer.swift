import Tensors

/// Writes what a cell shows for a terminal or, without colours, for files of plain text.
public struct TextRenderer: Sendable {
    /// The columns that there are.
    public var width: Int
    /// How text is coloured.
    public var style: Style
    /// How many samples and how many lines of each are shown.
    public var sampleLimit = 6
    private static let responseLines = 6

    /// A renderer for a width in columns.
    public init(width: Int = 80, style: Style = .plain) { (self.width, self.style) = (width, style) }

    /// The value as lines, without a newline at the end.
    public func text(_ value: DisplayValue) -> String {
        switch value {
        case .text(let text): text
        case .table(let table): TablePrinter(table, maxWidth: width).text(style: style)
        case .plot(let plot):
            plot.text(
                width: min(width, plot.screen.columns), height: plot.screen.rows, marks: plot.screen.marks, style: style)
        case .tokens(let tokens): self.text(tokens)
        case .messages(let messages): messages.map { self.text($0) }.joined(separator: "\n")
        case .pair(let pair): self.text(pair)
        case .tensor(let tensor): tensor.summary(width: width)
        case .samples(let list): self.text(list)
        case .group(let title, let parts):
            ((title.isEmpty ? [] : [style.paint(title, .bold)]) + parts.map { self.text($0) }).joined(separator: "\n")
        }
    }

    private func text(_ tokens: TokenText) -> String {
        let painter = TokenPainter(style: style)
        let legend = tokens.scale == .weight ? "" : painter.legend(tokens)
        let header = [tokens.header, legend].filter { !$0.isEmpty }.joined(separator: "   ")
        return (header.isEmpty ? "" : header + "\n") + painter.paint(tokens)
    }

    // MARK: Conversations

    /// A role's name in its colour, its text in lines beside it.
    private func text(_ message: DisplayMessage) -> String {
        let margin = 12
        var lines = TextWrap.lines(message.content, width: max(20, width - margin))
        if !message.note.isEmpty {
            lines += TextWrap.lines(message.note, width: max(20, width - margin)).map { style.paint($0, .gray) }
        }
        let bar = style.paint("│", .gray) + " "
        return lines.enumerated().map { index, line in
            let label = index == 0 ? paint(role: DisplayWidth.truncated(message.role, to: margin - 3)) : ""
            return trimmed(DisplayWidth.leftPadded(label, to: margin - 3) + " " + bar + line)
        }.joined(separator: "\n")
    }

    private func paint(role: String) -> String {
        switch role {
        case "assistant": style.paint(role, .bold, .green)
        case "user": style.paint(role, .bold, .cyan)
        case "system": style.paint(role, .bold, .magenta)
        default: style.paint(role, .bold, .yellow)
        }
    }

    // MARK: Side by side

    private func text(_ pair: DisplayPair) -> String {
        var lines = pair.title.isEmpty ? [] : [style.paint(pair.title, .bold)]
        let half = (width - 3) / 2
        guard half >= 28 else {
            for (heading, side) in [(pair.headings.left, pair.sides.left), (pair.headings.right, pair.sides.right)] {
                lines += [style.paint("── \(heading)", .cyan), text(side)]
            }
            return lines.joined(separator: "\n")
        }
        var inner = self
        inner.width = half
        let left = column(pair.headings.left, pair.sides.left, inner)
        let right = column(pair.headings.right, pair.sides.right, inner)
        for row in 0..<max(left.count, right.count) {
            let cell = DisplayWidth.padded(row < left.count ? left[row] : "", to: half)
            lines.append(trimmed("\(cell) \(style.paint("│", .gray)) \(row < right.count ? right[row] : "")"))
        }
        return lines.joined(separator: "\n")
    }

    private func column(_ heading: String, _ value: DisplayValue, _ renderer: TextRenderer) -> [String] {
        let rule = style.paint(String(repeating: "─", count: renderer.width), .gray)
        return [style.paint(DisplayWidth.truncated(heading, to: renderer.width), .bold), rule]
            + TextWrap.lines(renderer.text(value), width: renderer.width)
    }

    // MARK: Samples

    private func text(_ list: SampleList) -> String {
        var lines = [style.paint(list.title.isEmpty ? list.summary : "\(list.title): \(list.summary)", .bold)]
        lines += list.samples.prefix(sampleLimit).enumerated().map { text($0.element, number: $0.offset + 1) }
        let rest = list.samples.count - sampleLimit
        if rest > 0 { lines.append(style.paint("… \(rest) more", .gray)) }
        return lines.joined(separator: "\n")
    }

    /// One reply: a line about it, what was asked, and the beginning of what was answered.
    public func text(_ sample: SampleList.Sample, number: Int, lineLimit: Int? = nil) -> String {
        var facts: [String] = []
        if let reward = sample.reward { facts.append("reward \(signed(reward))") }
        if let advantage = sample.advantage { facts.append("advantage \(signed(advantage))") }
        facts += sample.details
        let head = style.paint("[\(number)]", .bold) + " " + facts.joined(separator: "  ")
        let prompt = sample.prompt.replacing("\n", with: "↵")
        let limit = lineLimit ?? Self.responseLines
        let answer = String(sample.response.reversed().drop(while: \.isWhitespace).reversed())
        let response = TextWrap.lines(answer, width: max(20, width - 4))
        var lines = [DisplayWidth.truncated(head, to: width), "  " + style.paint(DisplayWidth.truncated(prompt, to: width - 2), .cyan)]
        lines += response.prefix(limit).map { "    " + $0 }
        if response.count > limit { lines.append("    " + style.paint("… \(response.count - limit) more lines", .gray)) }
        return lines.joined(separator: "\n")
    }

    private func signed(_ value: Double) -> String {
        style.paint(value.shortText, value > 0 ? .green : value < 0 ? .red : .yellow)
    }

    private func trimmed(_ text: String) -> String {
        var text = text
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }
}
