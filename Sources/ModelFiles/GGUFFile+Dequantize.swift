import Foundation

extension GGUFFile {
    /// All values of a tensor as float32, row after row.
    public func dequantize(_ tensor: GGUFTensor) throws(ModelFileError) -> [Float] {
        try dequantize(tensor, rows: 0..<tensor.rows)
    }

    /// The values of some rows of a tensor as float32.
    public func dequantize(_ tensor: GGUFTensor, rows: Range<Int>) throws(ModelFileError) -> [Float] {
        try check(tensor, rows)
        return unsafe [Float](unsafeUninitializedCapacity: rows.count * tensor.rowLength) { buffer, count in
            unsafe decode(tensor, rows, buffer)
            count = rows.count * tensor.rowLength
        }
    }

    /// Writes the values of some rows of a tensor as float32 to the beginning of `destination`. Different threads may fill
    /// different buffers at once.
    public func dequantize(
        _ tensor: GGUFTensor, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws(ModelFileError) {
        try check(tensor, rows)
        precondition(destination.count >= rows.count * tensor.rowLength, "the destination is too small for the rows")
        unsafe decode(tensor, rows, destination)
    }

    private func check(_ tensor: GGUFTensor, _ rows: Range<Int>) throws(ModelFileError) {
        guard rows.lowerBound >= 0, rows.upperBound <= tensor.rows, tensor.range.upperBound <= data.count else {
            throw .malformed(
                file: path, part: "rows of tensor '\(tensor.name)'", expected: "within 0..<\(tensor.rows)",
                found: "\(rows)")
        }
    }

    private func decode(_ tensor: GGUFTensor, _ rows: Range<Int>, _ destination: UnsafeMutableBufferPointer<Float>) {
        let blocksPerRow = tensor.rowLength / tensor.type.blockLength
        unsafe data.withUnsafeBytes { bytes in
            guard !rows.isEmpty, let source = bytes.baseAddress, let values = destination.baseAddress else { return }
            let start = tensor.range.lowerBound + rows.lowerBound * blocksPerRow * tensor.type.blockBytes
            unsafe tensor.type.format.decode(
                (source + start).assumingMemoryBound(to: UInt8.self), blocks: rows.count * blocksPerRow, into: values)
        }
    }
}
