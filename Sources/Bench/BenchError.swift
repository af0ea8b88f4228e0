/// What can go wrong while measuring, as data; the text is made in `description`.
package enum BenchError: Error, Sendable, Equatable {
    case noPeak(threads: Int)
    case shortSample(drawn: Int, asked: Int)
    /// A child process ended early; `detail` is the last that it said.
    case childFailed(String, status: Int32, detail: String)
    /// What a worker says of its own failure.
    case workerFailed(String)
    case cannotStart(String, reason: String)
    /// A line of a child process that is not what it should say.
    case notUnderstood(String, line: String)
    case unknownWorkloads([String], known: [String])
    case notEnough(String, needed: Int, available: Int)
    case missing(String, hint: String)
    case interrupted
}

extension BenchError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noPeak(let threads): "cannot measure the machine: no memory or no \(threads) threads are left"
        case .shortSample(let drawn, let asked): "a sample ended after \(drawn) of \(asked) tokens"
        case .childFailed(let name, let status, let detail):
            "\(name) ended with status \(status)" + (detail.isEmpty ? "" : ": \(detail)")
        case .workerFailed(let message): message
        case .cannotStart(let name, let reason): "cannot start \(name): \(reason)"
        case .notUnderstood(let name, let line): "\(name) said what is no result: \(line)"
        case .unknownWorkloads(let names, let known):
            "no workload is called \(names.map { "'\($0)'" }.joined(separator: ", ")); there are \(known.joined(separator: ", "))"
        case .notEnough(let what, let needed, let available):
            "not enough \(what): about \(needed >> 20) MB are needed, \(available >> 20) MB are free"
        case .missing(let what, let hint): "\(what) is missing; \(hint)"
        case .interrupted: "interrupted"
        }
    }
}
