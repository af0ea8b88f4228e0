import Foundation
import TinkerWire
package import TrainingAPI

/// The runs and checkpoints that a remote service keeps.
package final class RemoteRestClient: RestClient {
    let service: RemoteService

    init(service: RemoteService) { self.service = service }

    var connection: ServiceConnection { service.connection }

    package func trainingRuns(limit: Int, offset: Int) -> Future<[TrainingRun]> {
        future("list_training_runs") { [self] in
            let list: Wire.TrainingRunList = try await connection.call(
                .get("list_training_runs", "/training_runs?limit=\(limit)&offset=\(offset)&access_scope=owned"))
            return list.trainingRuns.map(TrainingRun.init)
        }
    }

    package func trainingRun(_ id: String) -> Future<TrainingRun> {
        future("get_training_run") { [self] in
            let run: Wire.TrainingRun = try await connection.call(
                .get("get_training_run", "/training_runs/\(Self.escaped(id))?access_scope=owned"))
            return TrainingRun(run)
        }
    }

    package func checkpoints(ofRun id: String) -> Future<[Checkpoint]> {
        future("list_checkpoints") { [self] in
            let list: Wire.CheckpointList = try await connection.call(
                .get("list_checkpoints", "/training_runs/\(Self.escaped(id))/checkpoints"))
            return list.checkpoints.map(Checkpoint.init)
        }
    }

    package func checkpoints(limit: Int, offset: Int) -> Future<[Checkpoint]> {
        future("list_user_checkpoints") { [self] in
            let list: Wire.CheckpointList = try await connection.call(
                .get("list_user_checkpoints", "/checkpoints?limit=\(limit)&offset=\(offset)"))
            return list.checkpoints.map(Checkpoint.init)
        }
    }

    package func weightsInfo(path: String) -> Future<WeightsInfo> {
        future("get_weights_info") { [self] in
            let parsed = try Self.parsed(path)
            if Dialect.isSkyRL(run: parsed.run), parsed.kind != .training {
                // It describes states alone; an adapter is of its run's kind.
                let run = try await trainingRun(parsed.run).value
                return WeightsInfo(baseModel: run.baseModel, loraRank: run.loraRank)
            }
            do {
                let info: Wire.WeightsInfo = try await connection.call(
                    .post("weights_info", Wire.WeightsInfoRequest(tinkerPath: path)))
                return WeightsInfo(baseModel: info.baseModel, loraRank: info.loraRank)
            } catch RemoteError.refused(status: 404, _) { throw TrainingError.checkpointNotFound(path) }
        }
    }

    package func deleteCheckpoint(path: String) -> Future<Void> { change(path, "delete_checkpoint", method: "DELETE") }

    package func setPublished(_ isPublic: Bool, path: String) -> Future<Void> {
        change(path, isPublic ? "publish_checkpoint" : "unpublish_checkpoint", method: isPublic ? "POST" : "DELETE", action: "/publish")
    }

    package func setTimeToLive(seconds: Int?, path: String) -> Future<Void> {
        change(
            path, "set_checkpoint_ttl", method: "PUT", action: "/ttl", body: Wire.TimeToLiveRequest(ttlSeconds: seconds).jsonBody())
    }

    // MARK: Parts

    private func change(
        _ path: String, _ verb: String, method: String, action: String = "", body: [UInt8]? = nil
    ) -> Future<Void> {
        future(verb) { [self] in
            let mayLackCall = Dialect.isSkyRL(run: try Self.parsed(path).run)
            let call = ServiceCall(
                verb: verb, method: method, path: try Self.address(of: path) + action, body: body ?? (method == "POST" ? [] : nil),
                policy: .save)
            do {
                // Services answer with 204, or with a body that says nothing.
                try await connection.exchange(call) { _ throws(WireError) in }
            } catch RemoteError.refused(status: 404, let detail) where !(mayLackCall && detail == Self.noRoute) {
                throw TrainingError.checkpointNotFound(path)
            }
        }
    }

    /// What SkyRL says where it does not have the call at all.
    private static let noRoute = "Not Found"

    static func parsed(_ path: String) throws(TrainingError) -> Wire.CheckpointPath {
        guard let parsed = Wire.CheckpointPath(path) else {
            throw .usage("'\(path)' is no checkpoint", hint: "paths look like tinker://RUN/weights/NAME")
        }
        return parsed
    }

    /// Where a checkpoint is addressed.
    static func address(of path: String) throws(TrainingError) -> String {
        let parsed = try parsed(path)
        let id = Dialect.isSkyRL(run: parsed.run) ? parsed.name : parsed.checkpointID
        return "/training_runs/\(escaped(parsed.run))/checkpoints/\(escaped(id))"
    }

    private static func escaped(_ part: String) -> String {
        // Ids hold colons and slashes, which services want as they are.
        let plain = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "\0"..."\u{7f}"))
        return part.addingPercentEncoding(withAllowedCharacters: plain.union(CharacterSet(charactersIn: "-._~:/"))) ?? part
    }

    /// The key may have to be exchanged before anything is asked, which the service's configuration says.
    func future<Value: Sendable>(
        _ verb: String, _ body: @escaping @Sendable () async throws -> Value
    ) -> Future<Value> {
        Future { [service, connection] in
            do {
                _ = try await service.session.config()
                return try await body()
            } catch { throw connection.failure(error, verb) }
        }
    }
}

extension TrainingRun {
    init(_ run: Wire.TrainingRun) {
        self.init(
            id: run.trainingRunID, baseModel: run.baseModel, loraRank: run.loraRank, lastRequestTime: run.lastRequestTime,
            isCorrupted: run.isCorrupted, lastCheckpoint: run.lastCheckpoint.map(Checkpoint.init),
            lastSamplerCheckpoint: run.lastSamplerCheckpoint.map(Checkpoint.init))
    }
}

extension Checkpoint {
    init(_ checkpoint: Wire.Checkpoint) {
        self.init(
            // SkyRL's ids are names alone.
            id: Wire.CheckpointPath(checkpoint.tinkerPath)?.checkpointID ?? checkpoint.checkpointID, type: checkpoint.kind,
            time: checkpoint.time, path: checkpoint.tinkerPath, sizeBytes: checkpoint.sizeBytes, isPublic: checkpoint.isPublic ?? false,
            expiresAt: checkpoint.expiresAt)
    }
}
