internal import Foundation

/// What a cell shows in the forms that notebooks know, by MIME type; `text/plain` is always among them.
public struct MimeBundle: Sendable, Equatable {
    /// The forms: text as it is, pictures that are no text in base64.
    public let data: [String: String]

    /// The forms of a value.
    public init(_ value: DisplayValue) {
        var data = ["text/plain": TextRenderer(width: 100).text(value)]
        switch value {
        case .text, .tensor: break
        case .plot(let plot):
            data["image/svg+xml"] = plot.svg()
            data["image/png"] = Data(plot.raster().png).base64EncodedString()
        case .table, .tokens, .messages, .pair, .samples, .group: data["text/html"] = HTMLRenderer().html(value)
        }
        self.data = data
    }
}
