import Tensors

/// Writes what a cell shows as a piece of HTML, for notebooks and reports. Colours are translucent and stand with each element, so
/// that they suit light and dark pages and survive where style sheets are taken out.
public struct HTMLRenderer: Sendable {
    /// Writes a plot: as a picture of its own, or in the page's colours.
    public var plot: @Sendable (Plot) -> String

    /// A renderer that puts plots as SVG into the page.
    public init(plot: @escaping @Sendable (Plot) -> String = { $0.svg() }) { self.plot = plot }

    /// The value as HTML.
    public func html(_ value: DisplayValue) -> String {
        switch value {
        case .text(let text): "<pre>\(HTMLText.escaped(text))</pre>"
        case .table(let table): html(table)
        case .plot(let plot): "<figure style=\"margin:0\">\(self.plot(plot))</figure>"
        case .tokens(let tokens): html(tokens)
        case .messages(let messages): "<div class=\"messages\">\(messages.map(html).joined())</div>"
        case .pair(let pair): html(pair)
        case .tensor(let tensor): "<pre>\(HTMLText.escaped(tensor.summary(width: 100)))</pre>"
        case .samples(let list): html(list)
        case .group(let title, let parts):
            "<div class=\"group\">\(title.isEmpty ? "" : "<p><b>\(HTMLText.escaped(title))</b></p>")"
                + parts.map(html).joined() + "</div>"
        }
    }

    // MARK: Tables

    private func html(_ table: DisplayTable) -> String {
        let alignments = table.isNumeric.map { $0 ? " style=\"text-align:right\"" : " style=\"text-align:left\"" }
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>"
                + table.columns.indices.map { column in
                    "<\(tag)\(alignments[column])>\(HTMLText.escaped(column < cells.count ? cells[column] : ""))</\(tag)>"
                }.joined() + "</tr>"
        }
        var rows = table.rows.map { row($0, "td") }
        if table.omitted.count > 0 {
            rows.insert(
                "<tr><td colspan=\"\(table.columns.count)\">… \(table.omitted.count) more rows …</td></tr>",
                at: table.omitted.after)
        }
        return "<div class=\"wide\" style=\"overflow-x:auto\"><table><thead>\(row(table.columns, "th"))</thead><tbody>"
            + "\(rows.joined())</tbody></table></div>"
    }

    // MARK: Text in colours

    private func html(_ tokens: TokenText) -> String {
        let legend = tokens.legend.map { span($0.text, $0.tone, tokens.scale) }.joined(separator: " ")
        let header = tokens.header.isEmpty ? "" : HTMLText.escaped(tokens.header) + " · "
        return "<p class=\"legend\"><small>\(header)\(legend)</small></p>"
            + "<pre class=\"tokens\" style=\"white-space:pre-wrap\">\(spans(tokens))</pre>"
    }

    /// Pieces one by one, each with its number, where there are not too many; else runs.
    private func spans(_ tokens: TokenText) -> String {
        guard tokens.pieces.count <= 2000 else {
            return tokens.runs.map { span($0.text, $0.tone, tokens.scale) }.joined()
        }
        return tokens.pieces.filter { !$0.text.isEmpty }
            .map { span($0.text, tokens.tone($0.value), tokens.scale, title: $0.value.shortText) }.joined()
    }

    private func span(_ text: String, _ tone: Int, _ scale: TokenText.Scale, title: String = "") -> String {
        let visible = HTMLText.escaped(text).replacing("\n", with: "<span style=\"opacity:.5\">↵</span>\n")
        let title = title.isEmpty ? "" : " title=\"\(title)\""
        guard let color = Self.color(tone, scale) else { return title.isEmpty ? visible : "<span\(title)>\(visible)</span>" }
        return "<span\(title) style=\"background:\(color);border-radius:2px\">\(visible)</span>"
    }

    private static func color(_ tone: Int, _ scale: TokenText.Scale) -> String? {
        let strength = [0.0, 0.16, 0.28, 0.42][min(3, abs(tone))]
        if tone == 0 { return scale == .weight ? "rgba(212,167,44,.16)" : nil }
        return tone > 0 ? "rgba(46,160,67,\(strength))" : "rgba(229,83,75,\(strength))"
    }

    // MARK: Conversations and pairs

    private func html(_ message: DisplayMessage) -> String {
        let color =
            switch message.role {
            case "assistant": "rgb(46,160,67)"
            case "user": "rgb(56,139,253)"
            case "system": "rgb(163,113,247)"
            default: "rgb(212,167,44)"
            }
        let note = message.note.isEmpty ? "" : "<small style=\"opacity:.7\">\(HTMLText.escaped(message.note))</small>"
        return "<div class=\"message\" style=\"border-left:3px solid \(color);padding:.1em .8em;margin:.4em 0\">"
            + "<small style=\"color:\(color);font-weight:600\">\(HTMLText.escaped(message.role))</small>"
            + "<div style=\"white-space:pre-wrap;overflow-wrap:anywhere\">\(HTMLText.escaped(message.content))</div>\(note)</div>"
    }

    private func html(_ pair: DisplayPair) -> String {
        func side(_ heading: String, _ value: DisplayValue) -> String {
            "<div style=\"flex:1 1 18em;min-width:0\"><b>\(HTMLText.escaped(heading))</b>\(body(value))</div>"
        }
        /// Texts beside each other have half of the room: they are broken.
        func body(_ value: DisplayValue) -> String {
            guard case .text(let text) = value else { return html(value) }
            return "<pre style=\"white-space:pre-wrap;overflow-wrap:anywhere\">\(HTMLText.escaped(text))</pre>"
        }
        let title = pair.title.isEmpty ? "" : "<p><b>\(HTMLText.escaped(pair.title))</b></p>"
        return "<div class=\"pair\">\(title)<div style=\"display:flex;flex-wrap:wrap;gap:1.2em\">"
            + side(pair.headings.left, pair.sides.left) + side(pair.headings.right, pair.sides.right) + "</div></div>"
    }

    // MARK: Samples

    private func html(_ list: SampleList) -> String {
        let title = HTMLText.escaped(list.title.isEmpty ? list.summary : "\(list.title): \(list.summary)")
        return "<div class=\"samples\"><p class=\"summary\"><b>\(title)</b></p>\(list.samples.enumerated().map(html).joined())</div>"
    }

    private func html(_ index: Int, _ sample: SampleList.Sample) -> String {
        let beginning = HTMLText.escaped(String(sample.response.replacing("\n", with: " ").prefix(120)))
        var facts = sample.details.map(HTMLText.escaped)
        if let advantage = sample.advantage { facts.insert("advantage \(signed(advantage))", at: 0) }
        let reward = sample.reward.map { " data-reward=\"\($0)\"" } ?? ""
        let note = facts.isEmpty ? "" : "<small style=\"opacity:.8\">\(facts.joined(separator: " · "))</small>"
        return "<details class=\"sample\" data-index=\"\(index)\"\(reward)><summary>#\(index + 1) "
            + (sample.reward.map { signed($0) + " " } ?? "") + "<span style=\"opacity:.75\">\(beginning)</span></summary>"
            + html(DisplayMessage(role: "user", content: sample.prompt))
            + html(DisplayMessage(role: "assistant", content: sample.response)) + note + "</details>"
    }

    private func signed(_ value: Double) -> String {
        let color = value > 0 ? "rgb(46,160,67)" : value < 0 ? "rgb(229,83,75)" : "rgb(191,135,0)"
        return "<b style=\"color:\(color)\">\(value.shortText)</b>"
    }
}
