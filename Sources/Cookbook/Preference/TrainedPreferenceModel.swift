import Foundation
public import TrainingAPI

/// A preference model of trained weights, of either kind.
public struct TrainedPreferenceModel: PreferenceModel {
    /// How it judges.
    public let kind: PreferenceModelKind
    /// What the gate said of these weights.
    public let verdict: PreferenceGate.Verdict?
    /// Whether a comparator's answers are cut to -1, 0 and 1, as in the Python cookbook.
    public let isHard: Bool
    private let sampler: any SamplingClient
    private let comparisons: ComparisonRenderer
    private let replies: ReplyScoreRenderer

    /// A model of a kind over sampling weights. Throws `rendering` when the renderer's labels cannot be told apart.
    public init(
        kind: PreferenceModelKind, sampler: any SamplingClient, renderer: any Renderer,
        verdict: PreferenceGate.Verdict? = nil, isHard: Bool = false
    ) throws {
        guard kind != .rule else { throw CookbookError.usage("a rule has no weights", hint: "use RulePreferenceModel") }
        self.kind = kind
        self.verdict = verdict
        self.isHard = isHard
        self.sampler = sampler
        comparisons = try ComparisonRenderer(renderer)
        replies = try ReplyScoreRenderer(renderer)
    }

    /// For each comparison a value in [-1, 1], positive when B is better: 2σ(s_B − s_A) − 1 from the scores of a
    /// Bradley–Terry model, (p_B − p_A)/(p_A + p_B) from a comparator's label probabilities. All go to the service at
    /// once; equal replies are 0.
    public func compareMany(_ list: [Comparison]) async throws -> [Double] {
        let open = list.indices.filter { list[$0].completionA != list[$0].completionB }
        var values = Array(repeating: 0.0, count: list.count)
        switch kind {
        case .bradleyTerry:
            let conversations = open.flatMap { index in
                [list[index].completionA, list[index].completionB].map { list[index].promptConversation + $0 }
            }
            let scores = try await score(conversations)
            for (place, index) in open.enumerated() {
                values[index] = tanh((scores[2 * place + 1] - scores[2 * place]) / 2)
            }
        case .comparator:
            let labels = [PreferenceLabel.a, .b].compactMap { comparisons.labelTokens[$0] }
            let tie = isHard ? comparisons.labelTokens[.tie].map { [$0] } ?? [] : []
            let prompts = try open.map { try comparisons.buildGenerationPrompt(list[$0]) }
            for (index, logprobs) in zip(open, try await scoreUnique(prompts, candidates: labels + tie)) {
                let (a, b) = (Double(logprobs[0]), Double(logprobs[1]))
                if isHard {
                    let isTie = logprobs.count > 2 && Double(logprobs[2]) > max(a, b)
                    values[index] = isTie || a == b ? 0 : b > a ? 1 : -1
                } else {
                    values[index] = tanh((b - a) / 2)
                }
            }
        case .rule: break
        }
        return values
    }

    /// For each conversation, logprob(`A`) − logprob(`B`) after its last reply. Throws `usage` for a comparator.
    public func score(_ conversations: [[Message]]) async throws -> [Double] {
        guard kind == .bradleyTerry else {
            throw CookbookError.usage(
                "a comparator judges two replies, it does not score one", hint: "use compare, or a Bradley–Terry model")
        }
        let prompts = try conversations.map { try replies.buildPrompt($0) }
        return try await scoreUnique(prompts, candidates: replies.candidates).map {
            Double(ReplyScoreRenderer.score(a: $0[0], b: $0[1]))
        }
    }

    /// Logprobs of the candidates after each prompt; equal prompts are asked once.
    private func scoreUnique(_ prompts: [ModelInput], candidates: [Int]) async throws -> [[Float]] {
        var places: [[Int]: Int] = [:]
        var unique: [ModelInput] = []
        for prompt in prompts where places[prompt.tokens] == nil {
            guard prompt.length < sampler.maxContextLength else {
                throw CookbookError.data(
                    "a comparison has \(prompt.length) tokens, the judge's context \(sampler.maxContextLength)",
                    hint: "shorten the replies (max_tokens) or leave out long rows")
            }
            places[prompt.tokens] = unique.count
            unique.append(prompt)
        }
        guard !unique.isEmpty else { return [] }
        let logprobs = try await sampler.scoreNextTokens(unique, candidates: candidates).value
        return prompts.compactMap { places[$0.tokens].map { logprobs[$0] } }
    }

    /// Opens a trained model by its sampler path. Kind, renderer and verdict stand in the index, or else in the run's
    /// folder, which is looked for in `roots` and two levels below; `kind` and `rendererName` replace what is not there.
    public static func open(
        samplerPath: String, service: any TrainingService, index: PreferenceModelIndex? = nil, roots: [String],
        kind: PreferenceModelKind? = nil, rendererName: String? = nil, isHard: Bool = false
    ) async throws -> TrainedPreferenceModel {
        let entry =
            try index?.entry(samplerPath: samplerPath)
            ?? PreferenceModelCard.find(samplerPath: samplerPath, in: roots)?.entry(samplerPath: samplerPath)
        guard let kind = kind ?? entry?.kind, let rendererName = rendererName ?? entry?.rendererName else {
            throw CookbookError.missingFile(
                "the run that trained \(samplerPath) (\(PreferenceModelCard.fileName))",
                searched: (index.map { [$0.path] } ?? []) + roots,
                hint: "pass the run's folder (log_path), or kind and renderer_name")
        }
        let sampler = try await service.createSamplingClient(modelPath: samplerPath).value
        return try TrainedPreferenceModel(
            kind: kind, sampler: sampler, renderer: try Renderers.named(rendererName, tokenizer: sampler.requiredTokenizer()),
            verdict: entry?.verdict, isHard: isHard)
    }
}
