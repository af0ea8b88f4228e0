import TrainingAPI

extension Wire.SampleResponse: ProtobufMessage {
    package init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        self.init(sequences: [])
        while let field = try reader.next() {
            switch field.number {
            case 1: sequences.append(try Wire.SampledSequence(protobuf: reader.message(field)))
            case 2: promptLogprobs = try reader.floats(field).map { $0.isNaN ? nil : $0 }
            case 3: topKPromptLogprobs = try TokenLogprobRows(protobuf: reader.message(field)).rows
            case 4: promptCacheHitTokens = try reader.integer(field)
            case 5: targetPromptLogprobs = try Wire.TensorData(protobuf: reader.message(field))
            case 6: promptAltTokens = try Wire.AltTokens(protobuf: reader.message(field))
            default: try reader.skip(field)
            }
        }
    }

    package func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        for sequence in sequences {
            try protobuf.message(1) { writer throws(WireError) in try sequence.write(to: &writer) }
        }
        if let promptLogprobs { protobuf.present(2, PackedNumbers.bytes(promptLogprobs.map { $0 ?? .nan })) }
        if let topKPromptLogprobs {
            try protobuf.message(3) { writer throws(WireError) in
                try TokenLogprobRows(rows: topKPromptLogprobs).write(to: &writer)
            }
        }
        protobuf.integer(4, promptCacheHitTokens)
        if let targetPromptLogprobs {
            try protobuf.message(5) { writer throws(WireError) in try targetPromptLogprobs.write(to: &writer) }
        }
        if let promptAltTokens {
            try protobuf.message(6) { writer throws(WireError) in try promptAltTokens.write(to: &writer) }
        }
    }
}

extension Wire.SampledSequence: ProtobufMessage {
    package init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        // Neither is written if it is the default: nothing drawn, stopped.
        self.init(tokens: [], logprobs: nil, stopReason: .stop)
        while let field = try reader.next() {
            switch field.number {
            case 1:
                let reason = try reader.integer(field)
                guard (0...1).contains(reason) else {
                    throw .unexpected(path: "stop_reason", expected: "0 or 1", found: "\(reason)")
                }
                stopReason = reason == 0 ? .stop : .length
            case 2: tokens = try reader.int32s(field)
            case 3: logprobs = try reader.floats(field)
            case 4: topKLogprobs = try TokenLogprobRows(protobuf: reader.message(field)).rows
            default: try reader.skip(field)
            }
        }
    }

    package func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        protobuf.integer(1, stopReason == .stop ? 0 : 1)
        protobuf.data(2, try PackedNumbers.tokens(tokens))
        if let logprobs { protobuf.present(3, PackedNumbers.bytes(logprobs)) }
        if let topKLogprobs {
            try protobuf.message(4) { writer throws(WireError) in
                try TokenLogprobRows(rows: topKLogprobs).write(to: &writer)
            }
        }
    }
}

extension Wire.AltTokens: ProtobufMessage {
    package init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        var (tokens, logprobs): (Wire.TensorData?, Wire.TensorData?)
        while let field = try reader.next() {
            switch field.number {
            case 1: tokens = try Wire.TensorData(protobuf: reader.message(field))
            case 2: logprobs = try Wire.TensorData(protobuf: reader.message(field))
            default: try reader.skip(field)
            }
        }
        guard let tokens, let logprobs else { throw .missing(path: "prompt_alt_tokens") }
        self.init(tokens: tokens, logprobs: logprobs)
    }

    package func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        try protobuf.message(1) { writer throws(WireError) in try tokens.write(to: &writer) }
        try protobuf.message(2) { writer throws(WireError) in try logprobs.write(to: &writer) }
    }
}
