/// The metrics of a call from those of its chunks. What stands behind the colon of a name says how they are merged.
enum MetricMerge {
    /// Metrics of all chunks; `weights` are the numbers of their datums. Names without a known reduction keep the first value.
    static func merge(_ chunks: [[String: Double]], weights: [Int]) -> [String: Double] {
        guard chunks.count > 1 else { return chunks.first ?? [:] }
        var merged: [String: Double] = [:]
        for name in Set(chunks.flatMap(\.keys)) {
            let parts = zip(chunks, weights).compactMap { metrics, weight in metrics[name].map { (value: $0, weight: weight) } }
            let values = parts.map(\.value)
            switch name.split(separator: ":").last {
            case "sum": merged[name] = values.reduce(0, +)
            case "min": merged[name] = values.min()
            case "max": merged[name] = values.max()
            case "mean":
                let total = parts.reduce(0) { $0 + $1.weight }
                merged[name] = total > 0 ? parts.reduce(0) { $0 + $1.value * Double($1.weight) } / Double(total) : values.first
            case "slack":
                // The largest value less the mean over all.
                let mean = parts.reduce(0) { $0 + $1.value * Double($1.weight) } / Double(max(parts.reduce(0) { $0 + $1.weight }, 1))
                merged[name] = (values.max() ?? 0) - mean
            case "unique":
                for (index, value) in values.enumerated() { merged[index == 0 ? name : "\(name)_\(index)"] = value }
            default: merged[name] = values.first
            }
        }
        return merged
    }
}
