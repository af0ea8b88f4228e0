import Tensors
import TinkerWire
import TrainingAPI

/// How the data of a call are cut into requests that a service accepts.
enum ChunkPlan {
    /// Consecutive ranges of the data: a new one begins where the estimated size or the number of datums would exceed the service's
    /// limits. A datum beyond the limit goes alone.
    static func ranges(_ data: [Datum], _ config: Wire.ClientConfig) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var size = 0
        for (index, datum) in data.enumerated() {
            let bytes = estimatedBytes(of: datum)
            if index > start, size + bytes > config.maxChunkBytes || index - start >= max(config.maxChunkData, 1) {
                ranges.append(start..<index)
                start = index
                size = 0
            }
            size += bytes
        }
        if start < data.count { ranges.append(start..<data.count) }
        return ranges
    }

    private static func estimatedBytes(of datum: Datum) -> Int {
        4 * datum.modelInput.length
            + datum.lossFnInputs.values.reduce(0) { $0 + $1.count * ($1.dtype == .int64 ? 8 : 4) }
    }
}
