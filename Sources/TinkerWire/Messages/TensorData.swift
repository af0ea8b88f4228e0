package import JSON

extension Wire {
    /// A tensor of the two types that cross the network, row-major; sparse ones list the values of each row (CSR).
    public struct TensorData: Sendable, Equatable {
        /// The elements, or of a sparse tensor the listed ones.
        public enum Values: Sendable, Equatable {
            case int64([Int])
            case float32([Float])

            /// How many there are.
            public var count: Int {
                switch self {
                case .int64(let values): values.count
                case .float32(let values): values.count
                }
            }
        }

        /// Where the listed elements of a matrix are.
        public struct SparseRows: Sendable, Equatable {
            /// For each row where its elements begin, and at last where they end: `[rows + 1]`.
            public var rowOffsets: [Int]
            /// The column of each element.
            public var columns: [Int]

            /// Made of its parts.
            public init(rowOffsets: [Int], columns: [Int]) {
                self.rowOffsets = rowOffsets
                self.columns = columns
            }
        }

        /// The elements, or of a sparse tensor the listed ones.
        public let values: Values
        /// The extent of each dimension.
        public let shape: [Int]
        /// Where the elements are, if not all are listed.
        public let sparse: SparseRows?

        /// A tensor, one-dimensional unless a shape is given. Throws `unexpected` if the parts do not fit together, and `tooLarge`.
        public init(
            _ values: Values, shape: [Int]? = nil, sparse: SparseRows? = nil, limits: WireLimits = WireLimits()
        ) throws(WireError) {
            self.values = values
            self.shape = shape ?? [values.count]
            self.sparse = sparse
            let count = try Self.count(self.shape, limits)
            if let sparse {
                try check(sparse)
            } else if values.count != count {
                throw .unexpected(
                    path: "shape", expected: "a shape of \(values.count) elements", found: "\(self.shape)")
            }
        }

        private static func count(_ shape: [Int], _ limits: WireLimits) throws(WireError) -> Int {
            guard shape.allSatisfy({ $0 >= 0 }) else {
                throw .unexpected(path: "shape", expected: "extents from 0 on", found: "\(shape)")
            }
            if shape.contains(0) { return 0 }
            var count = 1
            for extent in shape {
                let (product, overflow) = count.multipliedReportingOverflow(by: extent)
                guard !overflow, product <= limits.tensorElements else {
                    throw .tooLarge(what: "a tensor of shape \(shape)", limit: limits.tensorElements)
                }
                count = product
            }
            return count
        }

        private func check(_ sparse: SparseRows) throws(WireError) {
            func wrong(_ part: String, _ expected: String) -> WireError {
                .unexpected(path: part, expected: expected, found: "others")
            }
            guard shape.count == 2 else {
                throw .unexpected(path: "shape", expected: "two dimensions of a sparse tensor", found: "\(shape)")
            }
            let offsets = sparse.rowOffsets
            guard offsets.count == shape[0] + 1, offsets.first == 0, offsets.last == values.count,
                zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 })
            else { throw wrong("sparse_crow_indices", "rising offsets for \(shape[0]) rows, up to \(values.count)") }
            let columns = 0..<shape[1]
            guard sparse.columns.count == values.count, sparse.columns.allSatisfy(columns.contains) else {
                throw wrong("sparse_col_indices", "\(values.count) columns below \(shape[1])")
            }
        }
    }
}

extension Wire.TensorData: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        let dtype: String = try json.value("dtype")
        let values: Values?
        switch dtype {
        case "int64", "int32":
            values = try json.optional("data") { node throws(WireError) in .int64(try node.integers()) }
        case "float32", "float64", "bfloat16", "float16":
            values = try json.optional("data") { node throws(WireError) in .float32(try node.floats()) }
        default: throw .unexpected(path: "dtype", expected: "int64 or float32", found: dtype)
        }
        guard let values else { throw .missing(path: "data") }
        let rowOffsets: [Int]? = try json.optional("sparse_crow_indices")
        let columns: [Int]? = try json.optional("sparse_col_indices")
        let isSparse = rowOffsets != nil || columns != nil
        try self.init(
            values, shape: json.optional("shape"),
            sparse: isSparse ? SparseRows(rowOffsets: rowOffsets ?? [], columns: columns ?? []) : nil,
            limits: json.limits)
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.key("data")
        switch values {
        case .int64(let values):
            json.list(values) { $0.value($1) }
            json.member("dtype", "int64")
        case .float32(let values):
            json.list(values) { $0.value($1) }
            json.member("dtype", "float32")
        }
        json.member("shape", shape)
        json.member("sparse_crow_indices", sparse?.rowOffsets)
        json.member("sparse_col_indices", sparse?.columns)
    }
}
