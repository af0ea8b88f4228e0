import Foundation

/// The memory of processes, as the kernel counts it.
enum ResidentMemory {
    /// The most that a process has had in memory so far, in bytes; 0 when it has ended. (`getrusage` would count what the parent had
    /// before the program began.)
    static func peak(of process: String = "self") -> Int { value("VmHWM:", in: "/proc/\(process)/status") }

    /// What the machine has left, without swapping.
    static var available: Int { value("MemAvailable:", in: "/proc/meminfo") }

    /// A line such as `VmHWM:  1234 kB`.
    static func value(_ key: String, in path: String) -> Int {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }
}
