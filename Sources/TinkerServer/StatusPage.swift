import Foundation
import TrainingAPI

extension Router {
    /// A page for people: what is open, what waits, and how fast it goes.
    func statusPage() async -> ServerResponse {
        let text = await state.status(title: service.summary)
        return ServerResponse(status: 200, headers: ["content-type": "text/plain; charset=utf-8"], body: Array(text.utf8))
    }
}

extension ServerState {
    func status(title: String) -> String {
        let now = clock.now()
        let waiting = entries.values.count { $0.finishedAt == nil }
        let kept = entries.count - waiting
        var lines = [
            "rlhf-repl server, \(title)\(isStopping ? ", stopping" : "")", "",
            "sessions   \(sessions.count)",
            "models     \(models.count)",
            "samplers   \(samplers.count)",
            "queue      \(waiting) waiting or running, \(kept) results kept",
            "tokens     \(Int(throughput.rate(at: now).rounded())) per second over the last minute, \(throughput.total) altogether",
            "",
        ]
        for session in sessions.values.sorted(by: { $0.id < $1.id }) {
            let idle = Int(now.timeIntervalSince(session.lastBeat))
            let open = session.requests.count { entries[$0]?.finishedAt == nil }
            lines.append("session \(session.id): \(open) queued, last heard of \(idle) s ago")
            for id in session.models {
                guard let model = models[id] else { continue }
                let what = model.client.map { "\($0.baseModel), \($0.loraConfig.summary)" } ?? "being created"
                lines.append("  \(id): \(what), next call \(model.queue.next)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
