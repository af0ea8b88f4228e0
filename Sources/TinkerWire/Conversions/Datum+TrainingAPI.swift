public import TrainingAPI

extension Wire.ModelInput {
    /// An input of tokens alone.
    public init(_ input: ModelInput) { self.init(chunks: [.encodedText(input.tokens)]) }
}

extension ModelInput {
    /// The tokens of an input. Throws `unsupported` if it has pictures or sound.
    public init(_ input: Wire.ModelInput) throws(WireError) {
        var tokens: [Int] = []
        for (index, chunk) in input.chunks.enumerated() {
            guard case .encodedText(let part) = chunk else {
                throw .unsupported("chunk \(index + 1) of the input is no text; this program's models read text alone")
            }
            // Inputs are mostly one chunk, whose storage is then shared.
            tokens = tokens.isEmpty ? part : tokens + part
        }
        self.init(tokens: tokens)
    }
}

extension Wire.Datum {
    /// An example as it is sent. Throws `tooLarge`.
    public init(_ datum: Datum, limits: WireLimits = WireLimits()) throws(WireError) {
        self.init(modelInput: Wire.ModelInput(datum.modelInput), lossFnInputs: [:])
        for (name, tensor) in datum.lossFnInputs {
            lossFnInputs[name] = try Wire.TensorData(tensor, limits: limits)
        }
    }
}

extension Datum {
    /// The example. Throws `unsupported` if its input has pictures or sound.
    public init(_ datum: Wire.Datum) throws(WireError) {
        try self.init(
            modelInput: ModelInput(datum.modelInput), lossFnInputs: datum.lossFnInputs.mapValues { $0.tensor() })
    }
}
