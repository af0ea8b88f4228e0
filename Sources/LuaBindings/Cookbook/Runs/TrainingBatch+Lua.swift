public import Cookbook
public import Display
import Foundation
import JSON
public import LuaRuntime
import Tensors
public import Tokenizers
import TrainingAPI

extension LuaValue {
    /// A batch: what `run.last` shows.
    init(_ batch: TrainingBatch, tokenizer: any Tokenizer) {
        func perGroup(_ value: (RolloutGroup) -> LuaValue) -> LuaValue { LuaValue(list: batch.groups.map(value)) }
        var table: LuaTable = [
            "step": .integer(batch.step),
            "datums": LuaValue(list: batch.datums.map { .datum($0, tokenizer: tokenizer) }),
            "logprobs": LuaValue(list: batch.logprobs.map { .tensor(Tensor($0)) }),
        ]
        if !batch.comparisons.isEmpty {
            table["comparisons"] = LuaValue(
                list: batch.comparisons.map { LuaValue($0.comparison, label: $0.label) })
        }
        if !batch.referenceLogprobs.isEmpty {
            table["reference_logprobs"] = LuaValue(list: batch.referenceLogprobs.map { .number($0) })
        }
        if !batch.groups.isEmpty {
            table["prompts"] = perGroup { LuaValue($0.prompt) }
            table["samples"] = perGroup { $0.samples }
            table["rewards"] = perGroup { $0.rewards }
            table["advantages"] = perGroup { $0.advantages }
            table["groups"] = perGroup { LuaValue($0) }
        }
        self = .table(table)
    }

    /// A group of episodes.
    init(_ group: RolloutGroup) {
        self = .table([
            "row": .integer(group.row + 1), "prompt": LuaValue(group.prompt), "samples": group.samples,
            "rewards": group.rewards, "advantages": group.advantages,
            "trajectories": LuaValue(list: group.trajectories.map { LuaValue($0) }),
        ])
    }

    /// An episode: what `rlhf.display.trajectory` takes.
    init(_ trajectory: Trajectory) {
        self = .table([
            "reward": .number(trajectory.totalReward), "final_reward": .number(trajectory.finalReward),
            "advantage": .number(trajectory.advantage), "metrics": LuaValue(metrics: trajectory.metrics),
            "transitions": LuaValue(
                list: trajectory.transitions.map { turn in
                    .table([
                        "observation": LuaValue(list: turn.observation.map { .integer($0) }),
                        "action": LuaValue(list: turn.action.map { .integer($0) }),
                        "logprobs": LuaValue(list: turn.logprobs.map { .number(Double($0)) }),
                        "response": .string(turn.message.content), "ended": .string(turn.termination.rawValue),
                        "reward": .number(turn.reward), "metrics": LuaValue(metrics: turn.metrics),
                    ])
                }),
        ])
    }
}

extension RolloutGroup {
    fileprivate var samples: LuaValue { LuaValue(list: trajectories.map { .string($0.response) }) }
    fileprivate var rewards: LuaValue { LuaValue(list: trajectories.map { .number($0.totalReward) }) }
    fileprivate var advantages: LuaValue { LuaValue(list: trajectories.map { .number($0.advantage) }) }
}

extension TrainingBatch {
    /// One row for each reply, for tables: what was sampled in RL, what was trained on elsewhere.
    func sampleRows(tokenizer: any Tokenizer) -> [LuaValue] {
        if !groups.isEmpty { return groups.flatMap(\.sampleRows) }
        if !comparisons.isEmpty { return comparisons.flatMap(\.sampleRows) }
        return datums.enumerated().compactMap { index, datum in
            datum.sampleRow(logprobs: logprobs.indices.contains(index) ? logprobs[index] : [], tokenizer: tokenizer)
        }
    }
}

extension SampleList {
    /// How many characters of a prompt are kept where it is the whole conversation.
    private static let promptEnd = 120

    /// What a batch was trained on, for looking through. Throws nothing that a batch of a stage can cause.
    public init(_ batch: TrainingBatch, stage: String, tokenizer: any Tokenizer) throws(LuaError) {
        try self.init(rows: batch.sampleRows(tokenizer: tokenizer), stage)
        title = "\(stage), step \(batch.step + 1)"
        // Prompts begin alike; their ends differ.
        for index in samples.indices where batch.groups.isEmpty && samples[index].prompt.count > Self.promptEnd {
            samples[index].prompt = "…" + samples[index].prompt.suffix(Self.promptEnd)
        }
    }
}

extension RolloutGroup {
    fileprivate var sampleRows: [LuaValue] {
        trajectories.map { trajectory in
            .table([
                "prompt": .string(prompt.last?.content ?? ""), "response": .string(trajectory.response),
                "reward": .number(trajectory.totalReward), "advantage": .number(trajectory.advantage),
                "tokens": .integer(trajectory.transitions.reduce(0) { $0 + $1.action.count }),
                "ended": .string(trajectory.transitions.last?.termination.rawValue ?? ""),
            ])
        }
    }
}

extension LabeledComparison {
    fileprivate var sampleRows: [LuaValue] {
        [(comparison.completionA, PreferenceLabel.a), (comparison.completionB, .b)].map { reply, name in
            .table([
                "prompt": .string(comparison.promptConversation.last?.content ?? ""),
                "response": .string(reply.map(\.content).joined(separator: "\n")),
                "label": .string(label == .tie ? "tie" : label == name ? "preferred" : "rejected"),
            ])
        }
    }
}

extension Datum {
    /// What was read before the first token that counts, and the tokens that count; nil for a datum without such tokens.
    fileprivate func sampleRow(logprobs: [Float], tokenizer: any Tokenizer) -> LuaValue? {
        let targets = lossFnInputs["target_tokens"]?.ints ?? []
        let weights = lossFnInputs["weights"]?.floats ?? []
        let places = targets.indices.filter { weights.indices.contains($0) && weights[$0] > 0 }
        guard let first = places.first else { return nil }
        let prompt = modelInput.tokens.prefix(first + 1)
        var row: LuaTable = [
            "prompt": .string(tokenizer.decode(Array(prompt))), "response": .string(tokenizer.decode(places.map { targets[$0] })),
            "tokens": .integer(places.count),
        ]
        if logprobs.count == targets.count {
            row["nll"] = .number(-places.reduce(0) { $0 + Double(logprobs[$1]) } / Double(places.count))
        }
        return .table(row)
    }
}

/// The samples that evaluations leave in a run's folder.
enum EvaluationSamples {
    /// The rows of an evaluator's latest evaluation. Throws `io` naming the evaluators that there are.
    static func latest(of evaluator: String, in logPath: String) throws -> [LuaValue] {
        let manager = FileManager.default
        let folders = ((try? manager.contentsOfDirectory(atPath: logPath)) ?? []).filter { $0.hasPrefix("iteration_") }
        var known: Set<String> = []
        for folder in folders.sorted().reversed() {
            for file in ((try? manager.contentsOfDirectory(atPath: "\(logPath)/\(folder)")) ?? []).sorted()
            where file.hasPrefix("eval_") && file.hasSuffix("_samples.jsonl") {
                let name = String(file.dropFirst(5).dropLast(14))
                known.insert(name)
                if name == evaluator { return try rows("\(logPath)/\(folder)/\(file)") }
            }
        }
        throw LuaError(
            kind: "io", message: "no evaluator '\(evaluator)' has left samples in \(logPath)",
            hint: known.isEmpty
                ? "none has yet" : NearMatches.hint(evaluator, among: known.sorted(), what: "there are"))
    }

    private static func rows(_ path: String) throws -> [LuaValue] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw LuaError(kind: "io", message: "cannot read \(path)")
        }
        return data.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONValue(parsing: Array($0)) }.map { row in
            var table: LuaTable = [
                "prompt": LuaValue(optional: row["prompt"]?.array?.last?["content"]?.string),
                "response": LuaValue(optional: row["response"]?.string),
                "reference": LuaValue(optional: row["reference"]?.string),
                "score": row["score"].map { LuaValue($0) } ?? .none,
                "tokens": row["tokens"].map { LuaValue($0) } ?? .none,
                "ended": row["ended_by_stop"].map { LuaValue($0) } ?? .none,
            ]
            table.fields.removeAll { $0.value.isNone }
            return .table(table)
        }
    }
}
