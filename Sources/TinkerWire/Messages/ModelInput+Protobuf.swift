extension Wire.ModelInput.Chunk: ProtobufMessage {
    package init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        var chunk: Self?
        while let field = try reader.next() {
            switch field.number {
            case 1:
                var text = try reader.message(field)
                var tokens: [Int] = []
                while let part = try text.next() {
                    if part.number == 1 { tokens = try text.int32s(part) } else { try text.skip(part) }
                }
                chunk = .encodedText(tokens)
            case 2: chunk = .image(try Wire.ModelInput.Image(protobuf: reader.message(field)))
            case 3:
                var sound = try reader.message(field)
                var bytes: [UInt8] = []
                while let part = try sound.next() {
                    if part.number == 1 { bytes = try sound.data(part) } else { try sound.skip(part) }
                }
                chunk = .dmel(bytes)
            default: try reader.skip(field)
            }
        }
        guard let chunk else { throw .missing(path: "chunk") }
        self = chunk
    }

    package func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        switch self {
        case .encodedText(let tokens):
            try protobuf.message(1) { writer throws(WireError) in writer.data(1, try PackedNumbers.tokens(tokens)) }
        case .image(let image):
            try protobuf.message(2) { writer throws(WireError) in try image.write(to: &writer) }
        case .imageAsset: throw .unsupported("a picture by its address cannot be sent as protobuf; send its bytes")
        case .dmel(let bytes):
            try protobuf.message(3) { writer throws(WireError) in writer.data(1, bytes) }
        }
    }
}

extension Wire.ModelInput.Image: ProtobufMessage {
    package init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        self.init(data: [], format: "")
        while let field = try reader.next() {
            switch field.number {
            case 1: data = try reader.data(field)
            case 2: format = try reader.string(field)
            case 3: expectedTokens = try reader.integer(field)
            case 4:
                var size = try reader.message(field)
                var dimensions = Wire.ModelInput.Dimensions(width: 0, height: 0)
                while let part = try size.next() {
                    switch part.number {
                    case 1: dimensions.width = try size.integer(part)
                    case 2: dimensions.height = try size.integer(part)
                    default: try size.skip(part)
                    }
                }
                overrideDimensions = dimensions
            default: try reader.skip(field)
            }
        }
    }

    package func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        protobuf.data(1, data)
        protobuf.string(2, format)
        if let expectedTokens { protobuf.present(3, expectedTokens) }
        guard let overrideDimensions else { return }
        try protobuf.message(4) { writer throws(WireError) in
            writer.integer(1, overrideDimensions.width)
            writer.integer(2, overrideDimensions.height)
        }
    }
}
