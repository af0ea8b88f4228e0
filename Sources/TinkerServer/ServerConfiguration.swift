package import Foundation

/// How a server behaves.
package struct ServerConfiguration: Sendable {
    /// Who may use it.
    package var keys = APIKeys.none
    /// How much clients may ask for.
    package var limits = ServerLimits()
    /// The base models on offer; nil offers all that the service has.
    package var models: [String]?
    /// What the Python side loads the tokenizer of the models by.
    package var tokenizerID: String?
    /// Where the service keeps the files of `tinker://` paths, if it does so on this machine.
    package var checkpointFolder: URL?
    /// The file that remembers checkpoints from start to start; nil keeps them in memory.
    package var catalogueFile: URL?
    /// The time.
    package var clock = ServerClock.system
    /// Takes the lines of the request log.
    package var log: @Sendable (String) -> Void = { _ in }

    /// The defaults: no key, nothing on disk, no log.
    package init() {}
}
