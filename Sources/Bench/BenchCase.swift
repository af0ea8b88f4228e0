/// One line of the first table: a workload with its name.
package struct BenchCase: Sendable {
    /// How a case is run.
    package enum Kind: Sendable {
        case workload(AnyWorkload)
        /// The tutorial as a child process.
        case pipeline(isSmoke: Bool)
        /// The session on a terminal, with so many seconds in which nobody types.
        case session(idleSeconds: Double)
    }

    /// The name on the command line and in JSON.
    package let name: String
    /// What is done, in a few words.
    let title: String
    package let kind: Kind

    /// All cases, in the order of the table. Quick ones are small: good for seeing that everything works, not for figures.
    package static func all(isQuick: Bool) -> [BenchCase] {
        let (prompt, new) = isQuick ? (25, 8) : (100, 64)
        func decode(_ prompts: Int, _ samples: Int) -> Kind {
            .workload(.decode(Decode(prompts: prompts, samplesPerPrompt: samples, promptLength: prompt, newTokens: new)))
        }
        let sft = SFT.mix(count: isQuick ? 4 : 16)
        let prefill = Prefill(prompts: isQuick ? 4 : 64, promptLength: prompt)
        let scoring =
            isQuick ? TournamentScoring(promptLength: 40, completionLength: 16, completions: 3) : .standard
        let step = isQuick ? RLStep(prompts: 2, groupSize: 2, promptLength: 25, newTokens: 8) : .standard
        return [
            BenchCase(
                name: "sft", title: "LoRA r=\(sft.rank), \(sft.lengths.count) sequences of mixed length", kind: .workload(.sft(sft))),
            BenchCase(name: "prefill", title: "\(prefill.prompts) prompts of \(prompt)", kind: .workload(.prefill(prefill))),
        ]
            + [1, 4, 16, 64].map { batch in
                BenchCase(
                    name: "decode-\(batch)", title: "batch \(batch), prompts of \(prompt), \(new) new", kind: decode(batch, 1))
            } + [
                BenchCase(name: "groups-64", title: "batch 64 in groups of 4 with one prompt", kind: decode(16, 4)),
                BenchCase(
                    name: "tournament", title: "\(scoring.completions) completions, all pairs both ways",
                    kind: .workload(.tournament(scoring))),
                BenchCase(
                    name: "rl-step", title: "\(step.prompts) prompts × \(step.groupSize) × \(step.newTokens) tokens",
                    kind: .workload(.rlStep(step))),
                BenchCase(name: "session", title: "the prompt", kind: .session(idleSeconds: isQuick ? 0.5 : 3)),
                BenchCase(
                    name: "pipeline", title: isQuick ? "the tutorial's smoke run" : "the whole tutorial",
                    kind: .pipeline(isSmoke: isQuick)),
            ]
    }

    /// What runs when nothing is named: all but the minutes of the tutorial.
    package var isDefault: Bool { if case .pipeline = kind { false } else { true } }
}
