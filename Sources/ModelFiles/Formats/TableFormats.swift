// Formats whose 4-bit values index a table of levels that are not evenly spaced.

/// The levels of the non-linear 4-bit formats.
private let nonLinear: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]

/// Twice the levels of the 4-bit float of the OCP microscaling specification (sign, 2 exponent bits, 1 mantissa bit).
private let microscaling: [Float] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]

/// Writes 32 values from 16 bytes of pairs.
@inline(__always)
private func decodePairs(
    _ pairs: UnsafePointer<UInt8>, _ table: [Float], scale: Float, into values: UnsafeMutablePointer<Float>
) {
    for index in 0..<16 {
        let pair = unsafe pairs[index]
        unsafe values[index] = scale * table[Int(pair & 15)]
        unsafe values[index + 16] = scale * table[Int(pair >> 4)]
    }
}

/// Microscaling 4-bit floats: an exponent byte, 16 bytes of pairs.
enum MXFP4: BlockFormat {
    static let length = 32
    static let bytes = 17

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        // Half of 2^(e - 127), since the table is doubled; the two smallest are subnormal.
        let exponent = unsafe UInt32(block[0])
        let scale = Float(bitPattern: exponent < 2 ? 0x0020_0000 << exponent : (exponent - 1) << 23)
        unsafe decodePairs(block + 1, microscaling, scale: scale, into: values)
    }
}

/// Non-linear 4 bits: scale, 16 bytes of pairs.
enum IQ4_NL: BlockFormat {
    static let length = 32
    static let bytes = 18

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        unsafe decodePairs(block + 2, nonLinear, scale: block.half(at: 0), into: values)
    }
}

/// Non-linear 4 bits in 8 groups: scale, 16 upper scale bits, 4 bytes of lower scale bits, 128 bytes of pairs.
enum IQ4_XS: BlockFormat {
    static let length = 256
    static let bytes = 136

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        let scale = unsafe block.half(at: 0)
        let high = unsafe block.uint16(at: 2)
        for group in 0..<8 {
            let low = unsafe block[4 + group / 2] >> UInt8(group % 2 * 4) & 15
            let factor = Int32(low) | Int32(high >> UInt16(2 * group) & 3) << 4
            unsafe decodePairs(
                block + 8 + group * 16, nonLinear, scale: scale * Float(factor - 32), into: values + group * 32)
        }
    }
}
