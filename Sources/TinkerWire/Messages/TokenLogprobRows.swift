import JSON

/// For each position the likeliest tokens, nil where there are none. In protobuf a matrix of fixed width, in which an unused
/// place is token 0 with a logprob that no token has.
struct TokenLogprobRows: Equatable {
    private static let unused = Wire.TokenLogprob(token: 0, logprob: -99999)

    let rows: [[Wire.TokenLogprob]?]

    init(rows: [[Wire.TokenLogprob]?]) { self.rows = rows }
}

extension TokenLogprobRows: ProtobufMessage {
    init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        var tokens: [Int] = []
        var logprobs: [Float] = []
        var (width, length) = (0, 0)
        while let field = try reader.next() {
            switch field.number {
            case 1: tokens = try reader.int32s(field)
            case 2: logprobs = try reader.floats(field)
            case 3: width = try reader.integer(field)
            case 4: length = try reader.integer(field)
            default: try reader.skip(field)
            }
        }
        let (count, overflow) = width.multipliedReportingOverflow(by: length)
        // Rows without places would be as many as a few bytes say, for nothing.
        guard width >= 0, length >= 0, !overflow, tokens.count == count, logprobs.count == count, width > 0 || length == 0
        else {
            throw .unexpected(
                path: "topk_logprobs", expected: "\(length) rows of \(width)",
                found: "\(tokens.count) tokens and \(logprobs.count) logprobs")
        }
        rows = (0..<length).map { row in
            let places = (row * width..<(row + 1) * width).map {
                Wire.TokenLogprob(token: tokens[$0], logprob: logprobs[$0])
            }
            if places.first == Self.unused { return nil }
            return Array(places[...(places.lastIndex { $0 != Self.unused } ?? 0)])
        }
    }

    func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        let width = rows.map { $0?.count ?? 0 }.max() ?? 0
        // Without a place in a row its null could not be told.
        let places = rows.flatMap { row in
            (0..<max(width, 1)).map { place in row.flatMap { place < $0.count ? $0[place] : nil } ?? Self.unused }
        }
        protobuf.data(1, try PackedNumbers.tokens(places.map(\.token)))
        protobuf.data(2, PackedNumbers.bytes(places.map(\.logprob)))
        protobuf.integer(3, rows.isEmpty ? 0 : max(width, 1))
        protobuf.integer(4, rows.count)
    }
}

extension TokenLogprobRows: JSONCodable {
    init(json: JSONNode) throws(WireError) {
        rows = try json.elements { row throws(WireError) in
            if row.isNull { return nil }
            return try row.elements { pair throws(WireError) in
                let parts = try pair.doubles()
                guard parts.count == 2, let token = Int(exactly: parts[0]) else {
                    throw pair.mismatch("a token id and its logprob")
                }
                return Wire.TokenLogprob(token: token, logprob: Float(parts[1]))
            }
        }
    }

    func write(to json: inout JSONWriter) {
        json.list(rows) { json, row in
            guard let row else { return json.literal("null") }
            json.list(row) { json, place in
                json.list([place]) { json, place in
                    json.value(place.token)
                    json.value(place.logprob)
                }
            }
        }
    }
}

/// Logprobs, null where there is none.
struct OptionalFloats: JSONCodable {
    let values: [Float?]

    init(_ values: [Float?]) { self.values = values }
    init(json: JSONNode) throws(WireError) { values = try json.optionalFloats() }

    func write(to json: inout JSONWriter) {
        json.list(values) { json, value in
            if let value { json.value(value) } else { json.literal("null") }
        }
    }
}
