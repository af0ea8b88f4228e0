import Engine
import Foundation
import ModelFiles
import TestSupport
import Testing
import TrainingAPI

@Suite("A save that is interrupted")
struct InterruptedSaveTests {
    @Test("a checkpoint that had stepped aside for a new one is found, and can be saved over")
    func replaced() async throws {
        let folder = ScratchFolder.url.appending(path: "interrupted-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try TinyModel().build().write(to: folder.appending(path: "tiny.gguf"))
        let service = EngineService(
            store: ModelStore(folder: folder.path), checkpointFolder: folder.appending(path: "checkpoints"), threads: 1)
        let client = try await service.createLoraTrainingClient(baseModel: "tiny", config: LoraConfig(rank: 2, seed: 1)).value
        let path = try await client.saveState(name: "a").value
        let run = String(try #require(path.split(separator: "/").dropFirst().first))
        let weights = folder.appending(path: "checkpoints/\(run)/weights")
        let aside = weights.appending(path: ".a.replaced")
        try FileManager.default.moveItem(at: weights.appending(path: "a"), to: aside)
        _ = try await service.createTrainingClient(fromState: path, withOptimizer: true).value
        #expect(!FileManager.default.fileExists(atPath: aside.path))
        try FileManager.default.moveItem(at: weights.appending(path: "a"), to: aside)
        _ = try await client.saveState(name: "a").value
        #expect(try FileManager.default.contentsOfDirectory(atPath: weights.path) == ["a"])
    }
}
