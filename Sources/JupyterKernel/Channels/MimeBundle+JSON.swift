internal import Display
internal import JSON

extension MimeBundle {
    /// The forms as the contents of a message have them.
    var json: JSONValue {
        .object(data.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) })
    }
}
