/// What bounds the sampler. None of it changes what is sampled.
package struct SamplerLimits: Sendable {
    /// The most sequences computed at once.
    package var sequences = 128
    /// The most rows of one pass: a token of each running sequence, and parts of new prompts. At least 1.
    package var rowsPerPass = 256
    /// Positions of a page of the key/value cache. At least 1.
    package var positionsPerPage = 32
    /// The most memory of the key/value cache, in bytes.
    package var cacheBytes: Int

    /// The measured defaults, with the cache's part of a budget.
    package init(_ budget: MemoryBudget = .standard) { cacheBytes = budget.cacheBytes }
}
