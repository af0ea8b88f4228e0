/// How speed changes with one size while the others stay.
package struct ScalingTable: Sendable {
    /// One line: a workload at one size.
    struct Point: Sendable {
        /// The size, for instance `128 tokens`.
        var label: String
        var workload: AnyWorkload
        /// Other than the command's.
        var threads: Int?
        /// A random model of a shape, in place of the command's.
        var shape: RandomModel.Shape?
    }

    /// The name on the command line and in JSON.
    package let name: String
    /// What is varied and what is measured.
    let title: String
    let points: [Point]

    /// All tables.
    package static func all(threads: Int, isQuick: Bool) -> [ScalingTable] {
        let trained = isQuick ? 256 : 2048
        let (prompt, new) = isQuick ? (25, 4) : (100, 32)
        func training(length: Int, rank: Int = 32) -> AnyWorkload {
            .sft(SFT(lengths: Array(repeating: length, count: trained / length), rank: rank))
        }
        func sampling(_ batch: Int) -> AnyWorkload {
            .decode(Decode(prompts: batch, samplesPerPrompt: 1, promptLength: prompt, newTokens: new))
        }
        func pair(_ label: String, threads: Int? = nil, shape: RandomModel.Shape? = nil) -> [Point] {
            [
                Point(label: "\(label), training", workload: training(length: 128), threads: threads, shape: shape),
                Point(label: "\(label), decoding", workload: sampling(isQuick ? 2 : 16), threads: threads, shape: shape),
            ]
        }
        return [
            ScalingTable(
                name: "length", title: "training over the length of sequences, \(trained) tokens a batch",
                points: (isQuick ? [32, 128] : [32, 64, 128, 256, 512, 1024]).map {
                    Point(label: "\($0) tokens", workload: training(length: $0))
                }),
            ScalingTable(
                name: "batch", title: "decoding over the batch, prompts of \(prompt), \(new) new",
                points: (isQuick ? [1, 4] : [1, 2, 4, 8, 16, 32, 64, 128]).map {
                    Point(label: "batch \($0)", workload: sampling($0))
                }),
            ScalingTable(
                name: "rank", title: "training over the adapter's rank",
                points: (isQuick ? [8, 32] : [8, 16, 32, 64, 128]).map {
                    Point(label: "rank \($0)", workload: training(length: 128, rank: $0))
                }),
            ScalingTable(
                name: "threads", title: "training and decoding at batch \(isQuick ? 2 : 16) over threads",
                points: threadCounts(upTo: threads).flatMap { pair("\($0) thread\($0 == 1 ? "" : "s")", threads: $0) }),
            ScalingTable(
                name: "size", title: "training and decoding at batch \(isQuick ? 2 : 16) over the size of random models",
                points: (isQuick ? [RandomModel.shapes[0]] : RandomModel.shapes).flatMap { pair($0.name, shape: $0) }),
        ]
    }

    /// Powers of two, and the number itself.
    package static func threadCounts(upTo threads: Int) -> [Int] {
        Array(sequence(first: 1) { $0 * 2 < threads ? $0 * 2 : nil }) + (threads > 1 ? [threads] : [])
    }
}
