import Synchronization
import TinkerWire
import TrainingAPI

/// Which saved weights SkyRL's JAX server can still sample. It loads them to the place where their model is trained, so that sampling
/// older ones would undo the steps since; a second request for the same ones would be answered by the model as it is by then.
final class SkyRLSnapshots: Sendable {
    /// Weights that were saved, and after how many changes of their model.
    struct Snapshot: Sendable, Equatable {
        let model: String
        let version: Int
    }

    private struct State {
        var versions: [String: Int] = [:]
        var saved: [String: Snapshot] = [:]
    }

    private let state = Mutex(State())

    /// A step or other weights have been sent to a model.
    func change(_ model: String) { state.withLock { $0.versions[model, default: 0] += 1 } }

    /// A model's weights as they are.
    func present(_ model: String) -> Snapshot {
        state.withLock { Snapshot(model: model, version: $0.versions[model, default: 0]) }
    }

    /// Weights have been saved under a path.
    func note(_ snapshot: Snapshot, path: String) { state.withLock { $0.saved[path] = snapshot } }

    /// What is known of weights saved under a path: of models that this program has not changed, nothing has to be.
    func snapshot(of path: Wire.CheckpointPath) -> Snapshot? {
        state.withLock { state in
            guard state.versions[path.run] != nil else { return nil }
            return state.saved[path.description] ?? Snapshot(model: path.run, version: -1)
        }
    }

    /// Throws if the model has changed since.
    func check(_ snapshot: Snapshot?, host: String) throws(TrainingError) {
        guard let snapshot, present(snapshot.model) != snapshot else { return }
        throw .usage(
            "\(host) (SkyRL) can sample the weights that are in training alone, and these have changed since they were saved",
            hint: "save them again; to keep old ones, load their state into a second training client and save there")
    }
}
