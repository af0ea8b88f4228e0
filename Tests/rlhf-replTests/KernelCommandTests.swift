import Foundation
import TestSupport
import Testing

/// `rlhf-repl kernel`, as it is run.
struct KernelCommandTests {
    private let folder = ScratchFolder.url.appending(path: "kernel-\(UUID().uuidString)").path

    private func run(_ arguments: [String], environment: [String: String] = [:]) throws -> BuiltProgram.Result {
        try BuiltProgram.run(
            "rlhf-repl", ["kernel"] + arguments, environment: ["HOME": folder].merging(environment) { _, new in new })
    }

    @Test("install writes a description that starts this program, with the options that follow")
    func install() throws {
        let result = try run(["install", "--prefix", folder, "--", "--threads", "3"])
        #expect(result.error.isEmpty)
        #expect(result.output == "installed \(folder)/share/jupyter/kernels/rlhf-repl\n")
        let data = try Data(contentsOf: URL(filePath: folder + "/share/jupyter/kernels/rlhf-repl/kernel.json"))
        let spec = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let arguments = try #require(spec["argv"] as? [String])
        #expect(FileManager.default.isExecutableFile(atPath: arguments[0]))
        #expect(arguments.dropFirst() == ["kernel", "run", "--connection-file", "{connection_file}", "--threads", "3"])
        #expect(spec["interrupt_mode"] as? String == "message")
        #expect(spec["language"] as? String == "lua")
    }

    @Test("install finds the user's folder and the Python environment, and refuses what it cannot do")
    func places() throws {
        #expect(try run(["install"]).output == "installed \(folder)/.local/share/jupyter/kernels/rlhf-repl\n")
        let data = ["JUPYTER_DATA_DIR": folder + "/data"]
        #expect(try run(["install", "--user"], environment: data).output == "installed \(folder)/data/kernels/rlhf-repl\n")
        let environment = ["VIRTUAL_ENV": folder + "/venv"]
        #expect(
            try run(["install", "--sys-prefix"], environment: environment).output
                == "installed \(folder)/venv/share/jupyter/kernels/rlhf-repl\n")
        let none = try run(["install", "--sys-prefix"])
        #expect(none.status == 1)
        #expect(none.error.contains("activate a virtual environment"))
        #expect(try run(["install", "--", "--no-such-option"]).status != 0)
        #expect(try run(["install", "--user", "--prefix", folder]).error.contains("give one of them"))
    }

    @Test("run says what is wrong with a connection file")
    func connectionFile() throws {
        let missing = try run(["run", "--connection-file", folder + "/none.json"])
        #expect(missing.status == 1)
        #expect(missing.error.contains("cannot use the connection file '\(folder)/none.json'"))
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(#"{"shell_port": 1}"#.utf8).write(to: URL(filePath: folder + "/poor.json"))
        #expect(try run(["run", "--connection-file", folder + "/poor.json"]).error.contains("there is no control_port"))
        try Data(#"{"key": "k", "signature_scheme": "hmac-md5"}"#.utf8).write(to: URL(filePath: folder + "/md5.json"))
        #expect(try run(["run", "--connection-file", folder + "/md5.json"]).error.contains("hmac-md5"))
    }
}
