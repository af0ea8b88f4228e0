/// The outputs of several datums in one protobuf message: for each name the elements of all datums in a row, and where each
/// datum's begin.
struct ArrayRecord {
    /// What the outputs of datums have to have in common to share a record: the names, and of each tensor the type and all
    /// dimensions but the first.
    struct Kind: Equatable {
        struct Output: Equatable {
            let type: ProtobufDType
            let trailingShape: [Int]
        }

        let outputs: [String: Output]

        init(_ datum: [String: Wire.TensorData]) {
            outputs = datum.mapValues { Output(type: $0.values.type, trailingShape: Array($0.shape.dropFirst())) }
        }
    }

    /// The number of datums.
    private(set) var count = 0
    private var fields: [String: BatchedTensor] = [:]

    init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        while let field = try reader.next() {
            switch field.number {
            case 2:
                var tensor = BatchedTensor()
                let name = try reader.entry(field) { entry, value throws(WireError) in
                    tensor = try BatchedTensor(protobuf: entry.message(value))
                }
                fields[name] = tensor
            case 3: count = try reader.integer(field)
            default: try reader.skip(field)
            }
        }
        guard count >= 0 else { throw .unexpected(path: "num_datums", expected: "a count", found: "\(count)") }
        // Later numbers are added to this one.
        try reader.limits.check(count, \.data, "the number of datums")
    }

    /// The outputs of each datum.
    func datums(_ limits: WireLimits) throws(WireError) -> [[String: Wire.TensorData]] {
        var datums = [[String: Wire.TensorData]](repeating: [:], count: count)
        for (name, field) in fields {
            do throws(WireError) {
                for (index, tensor) in try field.tensors(count: count, limits).enumerated() {
                    datums[index][name] = tensor
                }
            } catch { throw error.inside(name) }
        }
        return datums
    }

    /// Writes datums that have all the same kind of outputs. No type tag, as SkyRL does; nobody reads it.
    static func write(
        _ datums: ArraySlice<[String: Wire.TensorData]>, _ kind: Kind, to protobuf: inout ProtobufWriter
    ) throws(WireError) {
        for (name, output) in kind.outputs.sorted(by: { $0.key < $1.key }) {
            let tensors = datums.compactMap { $0[name] }
            try protobuf.message(2) { entry throws(WireError) in
                entry.string(1, name)
                try entry.message(2) { writer throws(WireError) in
                    try BatchedTensor.write(tensors, output.type, output.trailingShape, to: &writer)
                }
            }
        }
        protobuf.integer(3, datums.count)
    }
}

/// One output of all datums of a record.
struct BatchedTensor {
    /// The elements of all datums; nil if there are none.
    private var data: ProtobufReader?
    /// For each datum where its bytes begin, and at last where they end.
    private var offsets: [Int] = []
    private var dtype = 0
    /// All dimensions but the first.
    private var trailingShape: [Int] = []

    init() {}

    init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        while let field = try reader.next() {
            switch field.number {
            case 1: data = try reader.message(field)
            case 2: offsets = try reader.int64s(field)
            case 3: dtype = try reader.integer(field)
            case 4: try reader.append(field, to: &trailingShape)
            default: try reader.skip(field)
            }
        }
    }

    /// The tensor of each datum; the first dimension is what the others leave.
    func tensors(count: Int, _ limits: WireLimits) throws(WireError) -> [Wire.TensorData] {
        let type = try ProtobufDType(field: dtype)
        let size = data?.remaining ?? 0
        guard offsets.count == count + 1, offsets.first == 0, offsets.last == size,
            zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 })
        else {
            throw .unexpected(
                path: "offsets", expected: "rising offsets for \(count) datums, up to \(size)", found: "others")
        }
        // No element can be part of a row that is larger than all data.
        var row = type.byteCount
        for extent in trailingShape {
            guard (0...limits.tensorElements).contains(extent), !row.multipliedReportingOverflow(by: extent).overflow else {
                throw .unexpected(path: "trailing_shape", expected: "extents", found: "\(trailingShape)")
            }
            row *= extent
        }
        var tensors: [Wire.TensorData] = []
        for (start, end) in zip(offsets, offsets.dropFirst()) {
            guard end == start || row > 0 && (end - start) % row == 0 else {
                throw .unexpected(path: "offsets", expected: "whole rows of \(row) bytes", found: "\(end - start) bytes")
            }
            let rows = row > 0 ? (end - start) / row : 0
            tensors.append(
                try Wire.TensorData(
                    data.map { bytes throws(WireError) in try .init(bytes.slice(start..<end), type) } ?? .empty(type),
                    shape: [rows] + trailingShape, limits: limits))
        }
        return tensors
    }

    /// Writes tensors of one type and of equal dimensions but for the first.
    static func write(
        _ tensors: [Wire.TensorData], _ type: ProtobufDType, _ trailingShape: [Int], to protobuf: inout ProtobufWriter
    ) throws(WireError) {
        guard tensors.allSatisfy({ $0.sparse == nil }) else {
            throw .unsupported("protobuf has no place for sparse outputs; make them dense")
        }
        var data: [UInt8] = []
        var offsets = [0]
        for tensor in tensors {
            data += tensor.values.bytes
            offsets.append(data.count)
        }
        protobuf.data(1, data)
        protobuf.data(2, PackedNumbers.bytes(offsets))
        protobuf.integer(3, type.rawValue)
        protobuf.packed(4, trailingShape)
    }
}
