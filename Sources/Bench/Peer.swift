import Foundation

/// Another program on the same work: a script, and where in its lines the tokens per second stand.
package struct Peer: Sendable {
    /// The name in tables, for instance `llama.cpp Q8_0`.
    package var name: String
    /// The script's file in the peers' folder.
    var script: String
    package var arguments: [String]
    var environment: [String: String] = [:]
    /// Whether it is PyTorch in bf16, which without instructions for it takes many times as long as in fp32.
    var needsBF16 = false
    /// The folder or file of the model, which must be there.
    var model: String
    /// Tokens per second of a line; nil for a line about something else.
    package var rate: @Sendable (PeerLine) -> Double?
}

/// The folder of the peers' scripts, with the model in their formats and a Python that has them installed.
package struct PeerFolder: Sendable {
    let folder: String
    let python: String

    /// A folder as `scripts/peers` makes it; `python` is another interpreter than the one in it.
    package init(_ folder: String, python: String? = nil) {
        self.folder = folder
        self.python = python ?? folder + "/peers/bin/python"
    }

    /// A model folder of `transformers`; older notes have it one level deeper.
    private var transformersModel: String {
        let deep = folder + "/hf/fp32/fp32"
        return FileManager.default.fileExists(atPath: deep + "/config.json") ? deep : folder + "/hf/fp32"
    }

    /// Who else can do this work.
    package func peers(for workload: AnyWorkload, threads: Int) -> [Peer] {
        switch workload {
        case .sft(let sft): training(sft, threads)
        case .prefill(let prefill):
            llamaCpp(prefill.prompts, prefill.promptLength, newTokens: 2, threads) { $0.prefill }
        case .decode(let decode): sampling(decode, threads)
        case .tournament(let scoring): self.scoring(scoring, threads)
        case .rlStep(let step): reinforcement(step)
        }
    }

    /// The fastest rows of the peers' table; which of them wins depends on the processor.
    private func training(_ sft: SFT, _ threads: Int) -> [Peer] {
        guard sft.isMix else { return [] }
        // With its memory kept, glibc saves PyTorch the page faults of every step.
        let tuned = ["GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0"]
        return [
            ("PEFT bf16, packed", "bf16-packed", tuned), ("PEFT fp32, packed", "fp32-packed", tuned),
            ("TRL bf16, packing", "trl-bf16-packing", [:]), ("TRL fp32, packing", "trl-fp32-packing", [:]),
        ].map { name, mode, environment in
            Peer(
                name: name, script: "peer_sft.py",
                arguments: [
                    transformersModel, mode, "--seqs", "\(sft.lengths.count)", "--threads", "\(threads)", "--passes", "1",
                ], environment: environment, needsBF16: mode.contains("bf16"), model: transformersModel
            ) { $0.mode == mode ? $0.median : nil }
        }
    }

    private func sampling(_ decode: Decode, _ threads: Int) -> [Peer] {
        let batch = decode.prompts * decode.samplesPerPrompt
        let generate = ["bfloat16", "float32"].map { type in
            Peer(
                name: "transformers \(type)", script: "peer_hf_generate.py",
                arguments: [
                    transformersModel, type, "\(threads)", "\(batch)", "\(decode.newTokens)", "\(decode.promptLength)", "1",
                ], needsBF16: type == "bfloat16", model: transformersModel
            ) { $0.peer == "hf-generate" ? $0.median : nil }
        }
        return llamaCpp(batch, decode.promptLength, newTokens: decode.newTokens, threads) { $0.median } + generate
    }

    private func llamaCpp(
        _ batch: Int, _ promptLength: Int, newTokens: Int, _ threads: Int, rate: @escaping @Sendable (PeerLine) -> Double?
    ) -> [Peer] {
        ["bf16", "q8_0"].map { format in
            let model = "\(folder)/smol.\(format).gguf"
            return Peer(
                name: "llama.cpp \(format)", script: "peer_llama_cpp.py",
                arguments: [model, "\(threads)", "\(batch)", "\(newTokens)", "\(promptLength)", "1"], model: model
            ) { $0.peer == "llama.cpp" ? rate($0) : nil }
        }
    }

    /// The script's own sizes; it samples a little first, which is not looked at.
    private func scoring(_ scoring: TournamentScoring, _ threads: Int) -> [Peer] {
        guard scoring == .standard else { return [] }
        return ["bfloat16", "float32"].map { type in
            Peer(
                name: "transformers \(type)", script: "peer_hf_generate.py",
                arguments: [transformersModel, type, "\(threads)", "1", "2", "8", "1"],
                needsBF16: type == "bfloat16", model: transformersModel
            ) { line in
                guard line.peer == "hf-forward-scoring", let tokens = line.tokens, let seconds = line.medianSeconds else {
                    return nil
                }
                return tokens / seconds
            }
        }
    }

    /// The script's own sizes, on two threads; the last of its steps, because the first warms up.
    private func reinforcement(_ step: RLStep) -> [Peer] {
        guard step == .standard else { return [] }
        return ["bf16", "fp32"].map { type in
            Peer(
                name: "TRL GRPO \(type)", script: "peer_grpo.py", arguments: [transformersModel, type, "2"],
                needsBF16: type == "bf16", model: transformersModel
            ) { $0.peer == "trl-grpo" ? $0.secondsPerStep?.last.map { Double(RLStep.standard.tokens) / $0 } : nil }
        }
    }
}
