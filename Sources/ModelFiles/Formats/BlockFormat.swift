/// A storage format of GGUF: `length` values share a block of `bytes` bytes. The layouts are those of ggml's quantisation
/// types; products and sums are rounded to float32 in the order in which the reference implementation forms them.
protocol BlockFormat {
    static var length: Int { get }
    static var bytes: Int { get }

    /// Writes the `length` values of the block at `block`.
    static func decode(_ block: UnsafePointer<UInt8>, into values: UnsafeMutablePointer<Float>)
}

extension BlockFormat {
    /// Writes the values of consecutive blocks.
    static func decode(_ source: UnsafePointer<UInt8>, blocks: Int, into values: UnsafeMutablePointer<Float>) {
        for index in 0..<blocks { unsafe decode(source + index * bytes, into: values + index * length) }
    }
}

extension UnsafePointer<UInt8> {
    /// The 16-bit little-endian number at an offset.
    @inline(__always) func uint16(at offset: Int) -> UInt16 {
        unsafe UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    /// The 32-bit little-endian number at an offset.
    @inline(__always) func uint32(at offset: Int) -> UInt32 {
        unsafe UInt32(uint16(at: offset)) | UInt32(uint16(at: offset + 2)) << 16
    }

    /// The half-precision number at an offset.
    @inline(__always) func half(at offset: Int) -> Float {
        unsafe Float(Float16(bitPattern: uint16(at: offset)))
    }

    /// The signed byte at an offset.
    @inline(__always) func int8(at offset: Int) -> Int8 {
        unsafe Int8(bitPattern: self[offset])
    }
}
