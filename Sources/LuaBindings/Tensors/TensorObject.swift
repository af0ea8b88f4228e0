public import Display
public import LuaRuntime
public import Tensors

/// A tensor as Lua holds it.
public final class TensorObject: DisplayableObject {
    /// The name of the type in Lua.
    public static let luaType = "Tensor"

    /// The tensor itself; immutable, so every operation makes a new object.
    public let tensor: Tensor

    /// Hands a tensor to Lua.
    public init(_ tensor: Tensor) { self.tensor = tensor }

    /// Storage that is shared counts for each object; that only makes the collector a little more eager.
    public var externalBytes: Int { tensor.byteCount }

    /// Shape, type, bytes, range and corners.
    public var displayValue: DisplayValue { .tensor(tensor) }
}

extension LuaValue {
    /// A tensor for Lua, shared and not copied.
    public static func tensor(_ tensor: Tensor) -> LuaValue { .object(TensorObject(tensor)) }

    /// The number that Lua gets for the one element of a tensor.
    static func item(of tensor: Tensor) throws(TensorError) -> LuaValue {
        let value = try tensor.item()
        return tensor.dtype == .int64 ? .integer(tensor.ints[0]) : .number(value)
    }
}

extension TensorError: UserFacingError {
    /// What Lua shows as `err.kind`.
    public var kind: String { "usage" }

    /// What was wrong.
    public var message: String { description }

    /// What to do about it.
    public var hint: String? {
        switch self {
        case .shapeMismatch("matmul", _, _): "the last extent of the left side must be the first of the right side"
        case .shapeMismatch("cat", _, _): "all extents but the one along the axis must agree"
        case .shapeMismatch("stack", _, _), .shapeMismatch("dot", _, _): "the shapes must be the same"
        case .shapeMismatch: "extents are matched from the last one; they must agree, or one of them be 1"
        case .integerGradient: "convert it first: x:to('float32'), or write its numbers with a decimal point"
        case .gradientNotRequired:
            "make it a variable before computing the loss: x = x:requires_grad(); a custom loss's logprobs are variables already"
        case .notScalar("gradients", _): "add the loss up with sum() or mean()"
        case .notScalar("item", _): "tolist() gives all elements"
        default: nil
        }
    }
}
