// The ternary formats: 256 values of -1, 0 or 1 per block, times a scale.

/// Five values in a byte as a fixed-point fraction in base 3: 48 bytes, 4 bytes with four values each, scale.
enum TQ1_0: BlockFormat {
    static let length = 256
    static let bytes = 54

    private static let powers: [UInt8] = [1, 3, 9, 27, 81]

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        let scale = unsafe block.half(at: 52)
        var output = unsafe values
        // Runs of bytes, and how many digits each byte of the run carries; digit n of a whole run comes before digit n + 1.
        for (start, count, digits) in [(0, 32, 5), (32, 16, 5), (48, 4, 4)] {
            for digit in 0..<digits {
                for index in 0..<count {
                    // Multiplying drops the digits before this one; the carry of a product with 3 is the digit itself.
                    let fraction = unsafe block[start + index] &* powers[digit]
                    unsafe output[index] = Float(Int32((UInt16(fraction) * 3) >> 8) - 1) * scale
                }
                unsafe output += count
            }
        }
    }
}

/// Four values in a byte: 64 bytes of quarters, scale.
enum TQ2_0: BlockFormat {
    static let length = 256
    static let bytes = 66

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        let scale = unsafe block.half(at: 64)
        for run in 0..<8 {
            for index in 0..<32 {
                let value = unsafe block[run / 4 * 32 + index] >> UInt8(run % 4 * 2) & 3
                unsafe values[run * 32 + index] = Float(Int32(value) - 1) * scale
            }
        }
    }
}
