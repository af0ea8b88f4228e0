package import JSON

extension Wire {
    /// One training example.
    public struct Datum: Sendable, Equatable {
        /// What the model reads.
        public var modelInput: ModelInput
        /// By name, what the loss needs at each position.
        public var lossFnInputs: [String: TensorData]
        /// Where the parts of the input come from; in protobuf alone.
        public var modelInputSpans: [ProvenanceSpan]
        /// Where the parts of the loss's inputs come from; in protobuf alone.
        public var lossFnInputSpans: [ProvenanceSpan]

        /// Made of its parts.
        public init(
            modelInput: ModelInput, lossFnInputs: [String: TensorData], modelInputSpans: [ProvenanceSpan] = [],
            lossFnInputSpans: [ProvenanceSpan] = []
        ) {
            self.modelInput = modelInput
            self.lossFnInputs = lossFnInputs
            self.modelInputSpans = modelInputSpans
            self.lossFnInputSpans = lossFnInputSpans
        }
    }

    /// A part of a sequence that was sampled before.
    public struct ProvenanceSpan: Sendable, Equatable {
        /// Which part of a sampling request it was.
        public enum Kind: Int, Sendable {
            case prompt = 1
            case sampled = 2
        }

        /// Whether it was the prompt or the reply.
        public var kind: Kind
        /// The sequence's id, one of `sampleSequenceIDs`.
        public var sequenceID: String
        /// The first position.
        public var offset: Int
        /// The number of positions.
        public var length: Int

        /// Made of its parts.
        public init(kind: Kind, sequenceID: String, offset: Int, length: Int) {
            self.kind = kind
            self.sequenceID = sequenceID
            self.offset = offset
            self.length = length
        }
    }
}

extension Wire.Datum: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        try self.init(modelInput: json.value("model_input"), lossFnInputs: json.value("loss_fn_inputs", default: [:]))
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("loss_fn_inputs", lossFnInputs)
        json.member("model_input", modelInput)
    }
}

extension Wire.Datum: ProtobufMessage {
    package init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        self.init(modelInput: Wire.ModelInput(chunks: []), lossFnInputs: [:])
        while let field = try reader.next() {
            switch field.number {
            case 1: modelInput.chunks.append(try Wire.ModelInput.Chunk(protobuf: reader.message(field)))
            case 2:
                var tensor: Wire.TensorData?
                let name = try reader.entry(field) { entry, value throws(WireError) in
                    tensor = try Wire.TensorData(protobuf: entry.message(value))
                }
                guard let tensor else { throw .missing(path: "loss_fn_inputs.\(name)") }
                lossFnInputs[name] = tensor
            case 3: modelInputSpans.append(try Wire.ProvenanceSpan(protobuf: reader.message(field)))
            case 4: lossFnInputSpans.append(try Wire.ProvenanceSpan(protobuf: reader.message(field)))
            default: try reader.skip(field)
            }
        }
    }

    package func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        for chunk in modelInput.chunks {
            try protobuf.message(1) { writer throws(WireError) in try chunk.write(to: &writer) }
        }
        try protobuf.map(2, lossFnInputs) { entry, tensor throws(WireError) in
            try entry.message(2) { writer throws(WireError) in try tensor.write(to: &writer) }
        }
        for span in modelInputSpans {
            try protobuf.message(3) { writer throws(WireError) in try span.write(to: &writer) }
        }
        for span in lossFnInputSpans {
            try protobuf.message(4) { writer throws(WireError) in try span.write(to: &writer) }
        }
    }
}

extension Wire.ProvenanceSpan: ProtobufMessage {
    package init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        var span: Self?
        while let field = try reader.next() {
            guard let kind = Kind(rawValue: field.number) else {
                try reader.skip(field)
                continue
            }
            var inner = try reader.message(field)
            var part = Self(kind: kind, sequenceID: "", offset: 0, length: 0)
            while let field = try inner.next() {
                switch field.number {
                case 1: part.sequenceID = try inner.string(field)
                case 2: part.offset = try inner.integer(field)
                case 3: part.length = try inner.integer(field)
                default: try inner.skip(field)
                }
            }
            span = part
        }
        guard let span else { throw .missing(path: "span") }
        self = span
    }

    package func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        try protobuf.message(kind.rawValue) { writer throws(WireError) in
            writer.string(1, sequenceID)
            writer.integer(2, offset)
            writer.integer(3, length)
        }
    }
}
