/// What the sampler has done and holds.
package struct SamplerStatistics: Sendable, Equatable {
    /// Passes through the model.
    package var passes = 0
    /// Rows computed in them, a row for each token.
    package var rows = 0
    /// Positions found in the cache in place of being computed.
    package var reused = 0
    /// How often a sequence had to give its place or its memory to another.
    package var displaced = 0
    /// Pages that sequences in flight hold.
    package var pagesInUse = 0
    /// Pages that are kept in case somebody asks for them.
    package var pagesKept = 0
    /// The most pages there have been, and the most there may be.
    package var peakPages = 0
    package var pageCapacity = 0
    /// The size of a page.
    package var bytesPerPage = 0
}
