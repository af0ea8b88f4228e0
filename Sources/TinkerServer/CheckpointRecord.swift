import Foundation
import JSON
import TinkerWire
import TrainingAPI

/// What is known of a saved checkpoint.
struct CheckpointRecord: Codable, Sendable {
    /// The path that clients know, `tinker://SESSION:train:N/weights/NAME`.
    var path: String
    /// The path that the service knows.
    var servicePath: String
    var time: Date
    var baseModel: String
    var lora: LoraConfig
    var userMetadata: [String: String]?
    var expires: Date?
    var isPublic = false

    /// `path` in its parts; nil is impossible for records of ours.
    var parts: Wire.CheckpointPath? { Wire.CheckpointPath(path) }
}

extension Wire.Checkpoint {
    init?(_ record: CheckpointRecord, sizeBytes: Int?) {
        guard let parts = record.parts, let kind = parts.kind else { return nil }
        let name =
            switch kind {
            case .training: "training"
            case .sampler: "sampler"
            case .external: "external"
            }
        self.init(
            checkpointID: parts.checkpointID, kind: name, time: record.time.iso8601, tinkerPath: record.path,
            sizeBytes: sizeBytes, isPublic: record.isPublic,
            userMetadata: record.userMetadata.map { $0.mapValues { .string($0) } }, expiresAt: record.expires?.iso8601)
    }
}

extension Wire.WeightsInfo {
    init(baseModel: String, lora: LoraConfig) {
        self.init(
            baseModel: baseModel, isLora: true, loraRank: lora.rank, trainUnembed: lora.trainUnembed, trainMlp: lora.trainMlp,
            trainAttn: lora.trainAttn)
    }
}

extension Date {
    /// For instance `2026-11-21T02:29:37Z`.
    var iso8601: String { formatted(.iso8601) }
}
