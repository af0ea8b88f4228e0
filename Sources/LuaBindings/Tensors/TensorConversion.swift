public import LuaRuntime
public import Tensors

extension Tensor {
    /// A tensor of what Lua code writes for one: a tensor, a number, a boolean (0 or 1), or nested arrays of them. Integers alone
    /// make int64, anything else float32, unless a type is given. Throws `usage` that names `what` and the place of a wrong item.
    public init(_ value: LuaValue, what: String, dtype: DType? = nil) throws(LuaError) {
        if let object = value.object as? TensorObject {
            self = dtype.map { object.tensor.converted(to: $0) } ?? object.tensor
            return
        }
        var elements = Elements(what: what)
        try elements.add(value, path: [])
        self = elements.tensor(of: dtype)
    }

    /// Nested Lua tables of the elements; a number for a scalar.
    public var luaValue: LuaValue {
        var position = 0
        let (isInteger, doubles, ints) = (dtype == .int64, dtype == .int64 ? [] : doubles, dtype == .int64 ? ints : [])
        func level(_ axis: Int) -> LuaValue {
            guard axis < rank else {
                defer { position += 1 }
                return isInteger ? .integer(ints[position]) : .number(doubles[position])
            }
            return .table(LuaTable(array: (0..<shape[axis]).map { _ in level(axis + 1) }))
        }
        return level(0)
    }
}

/// The numbers of nested arrays, checked to form a block.
private struct Elements {
    let what: String
    private var shape: [Int] = []
    private var ints: [Int] = []
    private var doubles: [Double] = []
    private var hasFractions = false
    private var isShapeKnown = false

    init(what: String) { self.what = what }

    func tensor(of wanted: DType?) -> Tensor {
        // An empty table says nothing about its type; tensors are fractions unless said otherwise.
        let dtype = wanted ?? (hasFractions || ints.isEmpty ? .float32 : .int64)
        if dtype == .int64, !hasFractions { return Tensor(ints, shape: shape) }
        return Tensor(float64: doubles, shape: shape).converted(to: dtype)
    }

    mutating func add(_ value: LuaValue, path: [Int]) throws(LuaError) {
        guard case .table(let table) = value else { return try addNumber(value, path: path) }
        guard table.fields.isEmpty, table.others.isEmpty else {
            let key = table.fields.first.map { "'\($0.name)'" } ?? table.others.first?.key.brief ?? ""
            throw .usage("\(what)\(place(path)): expected an array of numbers, found the key \(key)")
        }
        if isShapeKnown {
            guard path.count < shape.count else { throw uneven(path, "an array among numbers") }
            guard table.array.count == shape[path.count] else {
                throw uneven(path, "\(table.array.count) items where the arrays before have \(shape[path.count])")
            }
        } else {
            shape.append(table.array.count)
            if table.array.isEmpty { isShapeKnown = true }
        }
        for (index, item) in table.array.enumerated() { try add(item, path: path + [index + 1]) }
    }

    private mutating func addNumber(_ value: LuaValue, path: [Int]) throws(LuaError) {
        isShapeKnown = true
        guard path.count == shape.count else { throw uneven(path, "a number among arrays") }
        switch value {
        case .integer(let number): append(number, Double(number))
        case .boolean(let flag): append(flag ? 1 : 0, flag ? 1 : 0)
        case .number(let number):
            hasFractions = true
            append(0, number)
        case .object(let object as TensorObject) where object.tensor.rank == 0 && !object.tensor.requiresGradient:
            hasFractions = hasFractions || object.tensor.dtype != .int64
            append(object.tensor.ints[0], object.tensor.doubles[0])
        case .object(is TensorObject):
            throw .usage(
                "\(what)\(place(path)): expected a number, got a tensor",
                hint: "rlhf.tensor.stack{a, b} and rlhf.tensor.cat{a, b} join tensors and keep their gradients")
        default: throw .usage("\(what)\(place(path)): expected a number, got \(value.brief)")
        }
    }

    private mutating func append(_ int: Int, _ double: Double) {
        ints.append(int)
        doubles.append(double)
    }

    private func place(_ path: [Int]) -> String { path.map { "[\($0)]" }.joined() }

    private func uneven(_ path: [Int], _ found: String) -> LuaError {
        .usage("\(what)\(place(path)): found \(found)", hint: "all rows of a tensor must have the same number of items")
    }
}
