import ArgumentParser
import Display
import Foundation
import LuaRuntime
import ModelFiles
import Terminal

/// `rlhf-repl models`: the models that the embedded engine can use on this machine.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Lists the models that --model can name: those of the store and those that can be fetched.",
        discussion: "Any GGUF file of a Llama-family model can be used, too: --model PATH, or put it into the store's folder.")

    func run() throws {
        let writer = TerminalWriter()
        let store = ModelStore()
        writer.write(TextRenderer(output: writer).text(.table(Self.table(of: store.models()))) + "\n")
        writer.writeError("store: \(store.folder)\n")
        if !ModelStore.knownModels.allSatisfy({ known in store.models().contains { $0.name == known.name && $0.isFetched } }) {
            writer.writeError("hint: scripts/fetch-model fetches what is not here\n")
        }
    }

    /// One row for each model; what is not here or cannot be read says so.
    static func table(of entries: [ModelStore.Entry]) -> DisplayTable {
        DisplayTable(
            columns: ["model", "layers", "width", "vocabulary", "context", "file", ""],
            rows: entries.map { entry in
                let remark = entry.name == ModelStore.defaultModel.name ? "default" : ""
                guard entry.isFetched else { return [entry.name] + Array(repeating: "", count: 5) + ["not fetched"] }
                let bytes = (try? FileManager.default.attributesOfItem(atPath: entry.path)[.size] as? Int) ?? nil
                let size = bytes.map { String(format: "%.0f MB", Double($0) / 1e6) } ?? ""
                do {
                    let config = try ModelConfig(GGUFFile(path: entry.path))
                    return [
                        entry.name, String(config.layers), String(config.width), String(config.vocabularySize),
                        String(config.contextLength), size, remark,
                    ]
                } catch {
                    return [entry.name] + Array(repeating: "", count: 4) + [size, LuaError(error).message]
                }
            })
    }
}
