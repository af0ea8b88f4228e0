/// 4 bits: scale, 16 bytes of pairs (low halves first); values are centred on 8.
enum Q4_0: BlockFormat {
    static let length = 32
    static let bytes = 18

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        let scale = unsafe block.half(at: 0)
        for index in 0..<16 {
            let pair = unsafe block[2 + index]
            unsafe values[index] = Float(Int32(pair & 15) - 8) * scale
            unsafe values[index + 16] = Float(Int32(pair >> 4) - 8) * scale
        }
    }
}

/// 4 bits: scale, minimum, 16 bytes of pairs.
enum Q4_1: BlockFormat {
    static let length = 32
    static let bytes = 20

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        let scale = unsafe block.half(at: 0)
        let minimum = unsafe block.half(at: 2)
        for index in 0..<16 {
            let pair = unsafe block[4 + index]
            unsafe values[index] = Float(pair & 15) * scale + minimum
            unsafe values[index + 16] = Float(pair >> 4) * scale + minimum
        }
    }
}

/// 5 bits: scale, 32 fifth bits, 16 bytes of pairs; values are centred on 16.
enum Q5_0: BlockFormat {
    static let length = 32
    static let bytes = 22

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        let scale = unsafe block.half(at: 0)
        let high = unsafe block.uint32(at: 2)
        for index in 0..<16 {
            let (low, up) = unsafe fiveBits(block[6 + index], high, index)
            unsafe values[index] = Float(low - 16) * scale
            unsafe values[index + 16] = Float(up - 16) * scale
        }
    }
}

/// 5 bits: scale, minimum, 32 fifth bits, 16 bytes of pairs.
enum Q5_1: BlockFormat {
    static let length = 32
    static let bytes = 24

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        let scale = unsafe block.half(at: 0)
        let minimum = unsafe block.half(at: 2)
        let high = unsafe block.uint32(at: 4)
        for index in 0..<16 {
            let (low, up) = unsafe fiveBits(block[8 + index], high, index)
            unsafe values[index] = Float(low) * scale + minimum
            unsafe values[index + 16] = Float(up) * scale + minimum
        }
    }
}

/// 8 bits: scale, 32 signed bytes.
enum Q8_0: BlockFormat {
    static let length = 32
    static let bytes = 34

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        let scale = unsafe block.half(at: 0)
        for index in 0..<32 { unsafe values[index] = Float(block.int8(at: 2 + index)) * scale }
    }
}

/// The values at `index` and `index + 16` of a block whose fifth bits are kept apart.
@inline(__always)
private func fiveBits(_ pair: UInt8, _ high: UInt32, _ index: Int) -> (Int32, Int32) {
    let low = Int32(pair & 15) | Int32(high >> UInt32(index) & 1) << 4
    let up = Int32(pair >> 4) | Int32(high >> UInt32(index + 16) & 1) << 4
    return (low, up)
}
