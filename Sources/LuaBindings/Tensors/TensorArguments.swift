public import LuaRuntime
public import Tensors
import TrainingAPI

/// Reading tensors and what goes with them from a call's arguments. Axes and indices count from 1 in Lua, and from the end if
/// negative.
extension CallContext {
    /// A tensor argument; arrays and numbers are taken as well.
    public func tensor(_ index: Int) throws(LuaError) -> Tensor {
        switch self[index] {
        case .table, .number, .integer, .boolean: return try Tensor(self[index], what: argumentName(index))
        case .object(let object as TensorObject): return object.tensor
        default: throw mismatch(index, expected: "Tensor")
        }
    }

    /// An array of tensors; one tensor is taken as its parts along the first axis.
    func tensors(_ index: Int) throws(LuaError) -> [Tensor] {
        guard case .table(let table) = self[index] else { throw mismatch(index, expected: "table of tensors") }
        var tensors: [Tensor] = []
        for (offset, value) in table.array.enumerated() {
            tensors.append(try Tensor(value, what: "\(argumentName(index))[\(offset + 1)]"))
        }
        return tensors
    }

    /// Both sides of an elementwise operation. A Lua number takes the other side's precision, so that `x * 0.5` stays what x is.
    func operands() throws(LuaError) -> (Tensor, Tensor) {
        switch (self[0], self[1]) {
        case (.number(let number), .object(let other as TensorObject)):
            return (scalar(number, like: other.tensor), other.tensor)
        case (.object(let other as TensorObject), .number(let number)):
            return (other.tensor, scalar(number, like: other.tensor))
        default: return (try operand(0), try operand(1))
        }
    }

    private func operand(_ index: Int) throws(LuaError) -> Tensor {
        switch self[index] {
        case .table, .number, .integer, .object(is TensorObject): return try tensor(index)
        default:
            throw .usage(
                "\(functionName): a tensor cannot be combined with \(self[index].brief)",
                hint: "tensors combine with tensors, numbers and arrays of numbers")
        }
    }

    private func scalar(_ number: Double, like other: Tensor) -> Tensor {
        .scalar(number, dtype: other.dtype == .float64 ? .float64 : .float32)
    }

    /// An axis of a tensor, from Lua's count to Swift's; nil if there is no such argument.
    func axis(_ value: LuaValue, rank: Int) throws(LuaError) -> Int? {
        if value.isNone { return nil }
        let limit = max(rank, 1)
        guard let axis = value.integer, axis != 0, abs(axis) <= limit else {
            throw .usage(
                "\(functionName): there is no axis \(value.brief) in a tensor of \(rank) dimension\(rank == 1 ? "" : "s")",
                hint: "axes are 1 to \(limit), or -1 for the last")
        }
        return axis > 0 ? axis - 1 : axis
    }

    /// The named options at the end of the arguments, `x:sum{axis = 1}`, from `index` on, or the same by position.
    func options(_ names: [String], from index: Int = 1) throws(LuaError) -> [String: LuaValue] {
        var options: [String: LuaValue] = [:]
        for (offset, name) in names.enumerated() where !self[index + offset].isNone {
            options[name] = self[index + offset]
        }
        guard case .table(let table) = self[index], table.array.isEmpty, !table.fields.isEmpty else {
            if arguments.count > index + names.count {
                throw .usage(
                    "\(functionName): too many arguments",
                    hint: names.isEmpty ? nil : "it takes " + names.joined(separator: ", "))
            }
            return options
        }
        options = [:]
        for (name, value) in table.fields {
            guard names.contains(name) else {
                throw .usage(
                    "\(functionName): unknown option '\(name)'",
                    hint: NearMatches.hint(name, among: names, what: "it has"))
            }
            options[name] = value
        }
        return options
    }

    /// The element type named by an option.
    func dtype(_ value: LuaValue?) throws(LuaError) -> DType? {
        guard let value, !value.isNone else { return nil }
        let names = DType.allCases.map(\.rawValue)
        guard let name = value.string else {
            throw .usage("\(functionName): dtype expected string, got \(value.brief)")
        }
        guard let dtype = DType(rawValue: name) else {
            throw .usage(
                "\(functionName): unknown dtype '\(name)'",
                hint: NearMatches.hint(name, among: names, what: "there are"))
        }
        return dtype
    }

    /// A shape given as integers or as one array of them, and the options table that may follow.
    func shape(from start: Int = 0, options names: [String]) throws(LuaError) -> ([Int], [String: LuaValue]) {
        var extents: [LuaValue] = []
        var index = start
        if case .table(let table) = self[index], table.fields.isEmpty {
            extents = table.array
            index += 1
        } else {
            while self[index].number != nil {
                extents.append(self[index])
                index += 1
            }
        }
        if index < arguments.count, self[index].table == nil { throw mismatch(index, expected: "integer") }
        if arguments.count > index + 1 { throw mismatch(index + 1, expected: "nothing after the options") }
        var shape: [Int] = []
        for value in extents {
            guard let extent = value.integer else {
                throw .usage("\(functionName): an extent must be an integer, got \(value.brief)")
            }
            shape.append(extent)
        }
        return (shape, try options(names, from: index))
    }

    private func argumentName(_ index: Int) -> String {
        functionName.contains(":") ? functionName : "\(functionName): argument \(index + 1)"
    }
}

extension [String: LuaValue] {
    /// A yes-or-no option; absent means no.
    func flag(_ name: String, in context: CallContext) throws(LuaError) -> Bool {
        guard let value = self[name] else { return false }
        guard let flag = value.boolean else {
            throw .usage("\(context.functionName): \(name) expected boolean, got \(value.brief)")
        }
        return flag
    }

    /// A number option.
    func number(_ name: String, in context: CallContext) throws(LuaError) -> Double? {
        guard let value = self[name], !value.isNone else { return nil }
        guard let number = value.number else {
            throw .usage("\(context.functionName): \(name) expected number, got \(value.brief)")
        }
        return number
    }

    /// An integer option.
    func integer(_ name: String, in context: CallContext) throws(LuaError) -> Int? {
        guard let value = self[name], !value.isNone else { return nil }
        guard let number = value.integer else {
            throw .usage("\(context.functionName): \(name) expected integer, got \(value.brief)")
        }
        return number
    }
}
