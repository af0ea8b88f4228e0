extension Wire {
    /// Which call of which model a request is, read from a body that may otherwise be no good: a call that is refused takes its
    /// turn all the same.
    public struct CallHeader: Sendable, Equatable {
        /// The model.
        public var modelID: String
        /// The call's place among the model's calls.
        public var sequenceID: Int?

        /// Made of its parts.
        public init(modelID: String, sequenceID: Int?) {
            self.modelID = modelID
            self.sequenceID = sequenceID
        }
    }
}

extension Wire.CallHeader {
    /// The header of a JSON body. Throws if there is none.
    package init(jsonBody bytes: [UInt8], limits: WireLimits = WireLimits()) throws(WireError) {
        let json = try JSONNode(parsing: bytes, limits: limits)
        modelID = try json.value("model_id")
        sequenceID = try json.optional("seq_id")
    }

    /// The header of a protobuf request. Throws if there is none.
    package init(protobufBody bytes: [UInt8], limits: WireLimits = WireLimits()) throws(WireError) {
        var reader = try ProtobufReader(bytes, limits: limits)
        var (model, sequence): (String?, Int?) = (nil, nil)
        while model == nil || sequence == nil, let field = try reader.next() {
            switch field.number {
            case 1: model = try reader.string(field)
            case 2: sequence = try reader.integer(field)
            default: try reader.skip(field)
            }
        }
        guard let model else { throw .missing(path: "model_id") }
        modelID = model
        sequenceID = sequence ?? 0
    }
}
