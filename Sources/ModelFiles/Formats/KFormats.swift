// The "K" formats: 256 values per block, in groups with a small scale of their own.

/// 2 bits in 16 groups: 16 bytes of 4-bit scales and minima, 64 bytes of quarters, scale, minimum.
enum Q2_K: BlockFormat {
    static let length = 256
    static let bytes = 84

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        let scale = unsafe block.half(at: 80)
        let minimum = unsafe block.half(at: 82)
        for group in 0..<16 {
            let packed = unsafe block[group]
            let step = scale * Float(packed & 15)
            let base = minimum * Float(packed >> 4)
            let place = quarters(group)
            for index in 0..<16 {
                let value = unsafe block[16 + place.byte + index] >> place.shift & 3
                unsafe values[group * 16 + index] = step * Float(value) - base
            }
        }
    }
}

/// 3 bits in 16 groups: 32 bytes of third bits, 64 bytes of quarters, 12 bytes of 6-bit scales centred on 32, scale.
enum Q3_K: BlockFormat {
    static let length = 256
    static let bytes = 110

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        let scale = unsafe block.half(at: 108)
        for group in 0..<16 {
            let low = unsafe group < 8 ? block[96 + group] & 15 : block[96 + group - 8] >> 4
            let high = unsafe block[104 + group % 4] >> UInt8(2 * (group / 4)) & 3
            let step = scale * Float(Int32(low | high << 4) - 32)
            let place = quarters(group)
            for index in 0..<16 {
                let value = unsafe Int32(block[32 + place.byte + index] >> place.shift & 3)
                let third = unsafe block[group % 2 * 16 + index] >> UInt8(group / 2) & 1
                unsafe values[group * 16 + index] = step * Float(value - (third == 0 ? 4 : 0))
            }
        }
    }
}

/// 4 bits in 8 groups: scale, minimum, 12 bytes of 6-bit scales and minima, 128 bytes of pairs.
enum Q4_K: BlockFormat {
    static let length = 256
    static let bytes = 144

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        for group in 0..<8 {
            let (step, base) = unsafe stepAndBase(block, group)
            for index in 0..<32 {
                let value = unsafe block[16 + group / 2 * 32 + index] >> UInt8(group % 2 * 4) & 15
                unsafe values[group * 32 + index] = step * Float(value) - base
            }
        }
    }
}

/// 5 bits in 8 groups: as `Q4_K`, with 32 bytes of fifth bits before the pairs.
enum Q5_K: BlockFormat {
    static let length = 256
    static let bytes = 176

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        for group in 0..<8 {
            let (step, base) = unsafe stepAndBase(block, group)
            for index in 0..<32 {
                let low = unsafe block[48 + group / 2 * 32 + index] >> UInt8(group % 2 * 4) & 15
                let fifth = unsafe block[16 + index] >> UInt8(group) & 1
                unsafe values[group * 32 + index] = step * Float(low | fifth << 4) - base
            }
        }
    }
}

/// 6 bits in 16 groups: 128 bytes of pairs, 64 bytes of upper quarters, 16 signed scales, scale; values are centred on 32.
enum Q6_K: BlockFormat {
    static let length = 256
    static let bytes = 210

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        let scale = unsafe block.half(at: 208)
        for group in 0..<16 {
            let step = unsafe scale * Float(block.int8(at: 192 + group))
            // Each half of the block interleaves four runs of 32 values: low halves of two runs of bytes, then the high ones.
            let (half, run, start) = (group / 8, group % 8 / 2, group % 2 * 16)
            for index in start..<start + 16 {
                let low = unsafe block[half * 64 + run % 2 * 32 + index] >> UInt8(run / 2 * 4) & 15
                let high = unsafe block[128 + half * 32 + index] >> UInt8(run * 2) & 3
                let value = Int32(low | high << 4) - 32
                unsafe values[half * 128 + run * 32 + index] = step * Float(value)
            }
        }
    }
}

/// Where a group of 16 two-bit values lies: the first byte, and the place within each byte.
@inline(__always)
private func quarters(_ group: Int) -> (byte: Int, shift: UInt8) {
    (group / 8 * 32 + group % 2 * 16, UInt8(group % 8 / 2 * 2))
}

/// The scale and minimum of a group of 32 in `Q4_K` and `Q5_K`, whose 6-bit factors are spread over 12 bytes.
@inline(__always)
private func stepAndBase(_ block: UnsafePointer<UInt8>, _ group: Int) -> (step: Float, base: Float) {
    let packed = unsafe block + 4
    let (scale, minimum) =
        unsafe group < 4
        ? (packed[group] & 63, packed[group + 4] & 63)
        : (
            packed[group + 4] & 15 | (packed[group - 4] >> 6) << 4,
            packed[group + 4] >> 4 | (packed[group] >> 6) << 4
        )
    return unsafe (block.half(at: 0) * Float(scale), block.half(at: 2) * Float(minimum))
}
