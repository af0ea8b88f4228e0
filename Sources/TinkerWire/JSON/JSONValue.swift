public import JSON

extension Wire {
    /// JSON of any form, where the protocol leaves it open: a user's metadata, telemetry, a traced loss.
    public typealias JSONValue = JSON.JSONValue
}
