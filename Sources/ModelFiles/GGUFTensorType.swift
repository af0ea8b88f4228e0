// The cases keep the format's spelling, underscores included, so that they can be searched for.
// swift-format-ignore: AlwaysUseLowerCamelCase
/// How a GGUF file stores a tensor's values; the raw values are the format's type numbers.
public enum GGUFTensorType: UInt32, Sendable, CaseIterable {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q2_K = 10
    case q3_K = 11
    case q4_K = 12
    case q5_K = 13
    case q6_K = 14
    case iq4_NL = 20
    case iq4_XS = 23
    case bf16 = 30
    case tq1_0 = 34
    case tq2_0 = 35
    case mxfp4 = 39

    /// The format's name of the type, for instance `Q4_1`.
    public var name: String { String(describing: self).uppercased() }

    /// The names of all types, for messages.
    static var names: String { allCases.map(\.name).joined(separator: " ") }

    /// The number of values that are stored together; rows are made of whole blocks.
    public var blockLength: Int { format.length }
    /// The bytes of a block.
    public var blockBytes: Int { format.bytes }

    /// The bytes of a tensor of this shape; nothing if rows are not whole blocks or the product is beyond all bounds.
    func byteCount(of dimensions: [Int]) -> Int? {
        guard (dimensions.first ?? 1) % blockLength == 0 else { return nil }
        var values = 1
        for size in dimensions {
            let (product, overflow) = values.multipliedReportingOverflow(by: size)
            guard !overflow else { return nil }
            values = product
        }
        let (bytes, overflow) = (values / blockLength).multipliedReportingOverflow(by: blockBytes)
        // A scalar of a block type has no whole block.
        return overflow || values % blockLength != 0 ? nil : bytes
    }

    /// The arithmetic of the type.
    var format: any BlockFormat.Type {
        switch self {
        case .f32: F32.self
        case .f16: F16.self
        case .bf16: BF16.self
        case .q4_0: Q4_0.self
        case .q4_1: Q4_1.self
        case .q5_0: Q5_0.self
        case .q5_1: Q5_1.self
        case .q8_0: Q8_0.self
        case .q2_K: Q2_K.self
        case .q3_K: Q3_K.self
        case .q4_K: Q4_K.self
        case .q5_K: Q5_K.self
        case .q6_K: Q6_K.self
        case .tq1_0: TQ1_0.self
        case .tq2_0: TQ2_0.self
        case .mxfp4: MXFP4.self
        case .iq4_NL: IQ4_NL.self
        case .iq4_XS: IQ4_XS.self
        }
    }
}
