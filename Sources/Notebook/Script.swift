internal import Foundation

/// A file of cells.
public struct Script: Sendable, Equatable {
    /// The file, if the script is one.
    public var path: String?
    /// The YAML lines of the header, without comment signs and the lines of dashes.
    public var header: [String]
    /// The cells in the order of the file.
    public var cells: [ScriptCell]
    /// The lines of the file.
    public var lines: [String]

    /// The cells of a text in percent format; any text is one.
    public init(text: String, path: String? = nil) {
        self = PercentParser.parse(text, path: path)
    }

    init(path: String?, header: [String], cells: [ScriptCell], lines: [String]) {
        (self.path, self.header, self.cells, self.lines) = (path, header, cells, lines)
    }

    /// Whether it was read from a Jupyter notebook, whose lines are no lines of the file.
    public var isNotebook: Bool { path.map { ExportFormat(path: $0) == .ipynb } ?? false }

    /// The script in a file, in percent format or a Jupyter notebook; throws a `NotebookError` that says why it cannot be read.
    public init(contentsOf path: String) throws {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw NotebookError.scriptNotFound(path: path)
        }
        guard !isFolder.boolValue else { throw NotebookError.scriptUnreadable(path: path, reason: "it is a folder") }
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            if ExportFormat(path: path) == .ipynb {
                self = try IPythonNotebook.script(data, path: path)
                return
            }
            guard let text = String(data: data, encoding: .utf8) else {
                throw NotebookError.scriptUnreadable(path: path, reason: "it is not UTF-8 text")
            }
            self.init(text: text, path: path)
        } catch let error as NotebookError {
            throw error
        } catch {
            throw NotebookError.scriptUnreadable(path: path, reason: error.localizedDescription)
        }
    }

    /// The code cells; cell number n of a script is the n-th of them.
    public var codeCells: [ScriptCell] { cells.filter(\.isCode) }
}
