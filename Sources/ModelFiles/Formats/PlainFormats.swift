/// IEEE single precision.
enum F32: BlockFormat {
    static let length = 1
    static let bytes = 4

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        unsafe values[0] = Float(bitPattern: block.uint32(at: 0))
    }
}

/// IEEE half precision.
enum F16: BlockFormat {
    static let length = 1
    static let bytes = 2

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        unsafe values[0] = block.half(at: 0)
    }
}

/// The upper half of single precision.
enum BF16: BlockFormat {
    static let length = 1
    static let bytes = 2

    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
        unsafe values[0] = Float(bitPattern: UInt32(block.uint16(at: 0)) << 16)
    }
}
