import Foundation

/// What a worker process is for: the first line on its standard input. After its `ready`, each line `run` asks for a run; the end
/// of standard input ends it, in the middle of a run too.
struct WorkerOrder: Codable {
    /// What it measures.
    enum Task: Codable {
        case machine(seconds: Double)
        case workload(AnyWorkload)
    }

    var task: Task
    /// The path of the model's file.
    var model: String
    var threads: Int
}

/// What a worker process says, a line each.
enum WorkerReply: Codable {
    /// The model is read and warm.
    case ready
    case machine(MachinePeak)
    /// A run's time, and the most memory the process has had so far.
    case run(seconds: Double, peakBytes: Int)
    case failed(String)
}

/// One line of JSON for each message.
enum WorkerLine {
    static func text(_ message: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(message), as: UTF8.self)
    }

    static func message<Message: Decodable>(_ type: Message.Type, _ line: String) -> Message? {
        try? JSONDecoder().decode(type, from: Data(line.utf8))
    }
}
