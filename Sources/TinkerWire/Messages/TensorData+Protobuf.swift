/// The element types of the schema.
enum ProtobufDType: Int {
    case float32 = 1
    case int64 = 2
    case int32 = 3
    case bfloat16 = 4

    /// Throws `unexpected` for a type that the schema does not have, or that was never set.
    init(field value: Int) throws(WireError) {
        guard let type = Self(rawValue: value) else {
            throw .unexpected(path: "dtype", expected: "an element type of the schema", found: "\(value)")
        }
        self = type
    }

    /// The size of an element in bytes.
    var byteCount: Int {
        switch self {
        case .float32, .int32: 4
        case .int64: 8
        case .bfloat16: 2
        }
    }
}

extension Wire.TensorData.Values {
    /// The elements that the whole of a bytes field holds.
    init(_ bytes: ProtobufReader, _ type: ProtobufDType) throws(WireError) {
        self =
            switch type {
            case .float32: .float32(try bytes.rest(of: UInt32.self) { Float(bitPattern: $0) })
            case .int64: .int64(try bytes.rest(of: Int.self) { $0 })
            case .int32: .int64(try bytes.rest(of: Int32.self) { Int($0) })
            case .bfloat16: .float32(try bytes.rest(of: UInt16.self) { Float(bitPattern: UInt32($0) << 16) })
            }
    }

    /// No elements.
    static func empty(_ type: ProtobufDType) -> Self {
        type == .float32 || type == .bfloat16 ? .float32([]) : .int64([])
    }

    /// The type that these elements are written as.
    var type: ProtobufDType {
        switch self {
        case .int64: .int64
        case .float32: .float32
        }
    }

    /// The little-endian bytes of the elements.
    var bytes: [UInt8] {
        switch self {
        case .int64(let values): PackedNumbers.bytes(values)
        case .float32(let values): PackedNumbers.bytes(values)
        }
    }
}

extension Wire.TensorData: ProtobufMessage {
    package init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        var data: ProtobufReader?
        var sparse: SparseRows?
        var dtype = 0
        var shape: [Int] = []
        while let field = try reader.next() {
            switch field.number {
            case 1:
                data = try reader.message(field)
                sparse = nil
            case 2:
                var rows = try reader.message(field)
                (data, sparse) = try Self.sparse(&rows)
            case 3: dtype = try reader.integer(field)
            case 4: try reader.append(field, to: &shape)
            default: try reader.skip(field)
            }
        }
        let type = try ProtobufDType(field: dtype)
        let values = try data.map { bytes throws(WireError) in try Values(bytes, type) }
        try self.init(
            values ?? .empty(type),
            // An empty list is absent, so a scalar cannot be told from a tensor without a shape.
            shape: shape.isEmpty ? nil : shape, sparse: sparse, limits: reader.limits)
    }

    private static func sparse(
        _ reader: inout ProtobufReader
    ) throws(WireError) -> (values: ProtobufReader?, rows: SparseRows) {
        var values: ProtobufReader?
        var rows = SparseRows(rowOffsets: [], columns: [])
        while let field = try reader.next() {
            switch field.number {
            case 1: values = try reader.message(field)
            case 2: rows.rowOffsets = try reader.int64s(field)
            case 3: rows.columns = try reader.int64s(field)
            default: try reader.skip(field)
            }
        }
        return (values, rows)
    }

    package func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        if let sparse {
            try protobuf.message(2) { writer throws(WireError) in
                writer.data(1, values.bytes)
                writer.data(2, PackedNumbers.bytes(sparse.rowOffsets))
                writer.data(3, PackedNumbers.bytes(sparse.columns))
            }
        } else {
            protobuf.present(1, values.bytes)
        }
        protobuf.integer(3, values.type.rawValue)
        protobuf.packed(4, shape)
    }
}
