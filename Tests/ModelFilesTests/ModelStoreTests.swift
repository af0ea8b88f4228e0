import Foundation
import ModelFiles
import TestSupport
import Testing

@Suite struct ModelStoreTests {
    /// Runs with a store in a new temporary folder.
    private func withStore(_ body: (ModelStore) throws -> Void) throws {
        let folder = ScratchFolder.url.appending(path: "store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(ModelStore(folder: folder.path))
    }

    @Test("the folder follows the environment; empty variables count as unset")
    func folders() {
        #expect(ModelStore(environment: ["HOME": "/h"]).folder == "/h/.cache/rlhf-repl/models")
        #expect(ModelStore(environment: ["HOME": "/h", "XDG_CACHE_HOME": "/x"]).folder == "/x/rlhf-repl/models")
        #expect(ModelStore(environment: ["HOME": "/h", "XDG_CACHE_HOME": ""]).folder == "/h/.cache/rlhf-repl/models")
        #expect(ModelStore(environment: ["HOME": "/h", "RLHF_REPL_CACHE": "/c"]).folder == "/c/models")
    }

    @Test("a known model is found by its name in any case once its file is there")
    func knownName() throws {
        try withStore { store in
            let path = store.folder + "/SmolLM2-135M-Instruct.Q4_1.gguf"
            #expect(throws: ModelFileError.notFetched("SmolLM2-135M-Instruct", path: path)) {
                try store.resolve("smollm2-135m-instruct")
            }
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(try store.resolve("smollm2-135M-INSTRUCT").path == path)
            #expect(store.models().map(\.name) == ["SmolLM2-135M-Instruct"])
        }
    }

    @Test("other files in the folder and paths to files work too")
    func otherFiles() throws {
        try withStore { store in
            let path = store.folder + "/mine.GGUF"
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(try store.resolve("MINE").path == path)
            #expect(try store.resolve(path).name == "mine")
            #expect(store.models().map(\.name) == ["SmolLM2-135M-Instruct", "mine"])
            let outside = store.folder + "/../other.gguf"
            try Data().write(to: URL(fileURLWithPath: outside))
            let name = try store.resolve(outside).name
            #expect(name.hasSuffix("/other.gguf") && !name.contains(".."))
            #expect(try store.resolve(name).name == name)
            #expect(throws: ModelFileError.io(file: "./gone.gguf", operation: "read", reason: "no such file")) {
                try store.resolve("./gone.gguf")
            }
        }
    }

    @Test("an unknown name gives the known names, those near it, and where was looked")
    func unknownName() throws {
        let store = ModelStore(folder: "/nowhere/models")
        func message(_ name: String) -> String {
            do throws(ModelFileError) { return try store.resolve(name).path } catch { return error.description }
        }
        #expect(
            message("SmolLM-135M-Instuct")
                == "unknown model 'SmolLM-135M-Instuct'; did you mean 'SmolLM2-135M-Instruct'? "
                + "(known: SmolLM2-135M-Instruct; looked in /nowhere/models; a path to a .gguf file works too)")
        #expect(message("llama").hasPrefix("unknown model 'llama' (known: SmolLM2-135M-Instruct;"))
        #expect(message("").hasPrefix("unknown model '' (known:"))
    }
}
