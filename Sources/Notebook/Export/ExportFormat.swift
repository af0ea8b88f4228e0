internal import Foundation

/// The files that an executed notebook is written into.
public enum ExportFormat: String, Sendable, CaseIterable {
    /// A Jupyter notebook (nbformat 4.5).
    case ipynb
    /// A page that needs nothing else.
    case html
    /// Markdown, its pictures in a folder beside it.
    case md

    /// The format that a file's ending means; nil for another one.
    public init?(path: String) {
        self.init(rawValue: URL(filePath: path).pathExtension.lowercased())
    }
}

extension Notebook {
    /// Writes the script's cells and the entries of the prompt with what they have given into a file, whose ending is the format.
    /// Throws `NotebookError`.
    public func export(to path: String) throws {
        guard let format = ExportFormat(path: path) else { throw NotebookError.exportFormat(path: path) }
        let document = NotebookDocument(self)
        var files: [(path: String, data: Data)] = []
        switch format {
        case .ipynb: files = [(path, Data(IPythonNotebook.text(document).utf8))]
        case .html: files = [(path, Data(HTMLReport(document).text.utf8))]
        case .md:
            let report = MarkdownReport(
                document, pictureFolder: URL(filePath: path).deletingPathExtension().lastPathComponent + "_files")
            let folder = URL(filePath: path).deletingLastPathComponent()
            files = report.pictures.map { (folder.appending(path: $0.path).path, $0.data) } + [(path, Data(report.text.utf8))]
        }
        for file in files {
            do {
                let url = URL(filePath: file.path)
                try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try file.data.write(to: url, options: .atomic)
            } catch {
                throw NotebookError.fileNotWritten(path: file.path, reason: error.localizedDescription)
            }
        }
    }
}
