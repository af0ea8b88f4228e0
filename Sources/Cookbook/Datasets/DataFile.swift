import Foundation
import TrainingAPI

/// Reads whole data files.
enum DataFile {
    /// The bytes of a file, unpacked if they are gzip's, whatever the file's name says.
    static func read(_ path: String) throws(CookbookError) -> [UInt8] {
        let full = NSString(string: path).expandingTildeInPath
        var isDirectory: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: full, isDirectory: &isDirectory) else {
            throw .missingFile("data file '\(path)'", searched: [absolute(full)], hint: nearFiles(full))
        }
        guard !isDirectory.boolValue else {
            throw .io("'\(path)' is a folder", hint: "name one of the files in it")
        }
        let bytes: [UInt8]
        do {
            bytes = [UInt8](try Data(contentsOf: URL(filePath: full)))
        } catch {
            throw .io("cannot read '\(path)': \(error.localizedDescription)")
        }
        guard Gzip.isCompressed(bytes) else { return bytes }
        do {
            return try Gzip.unpack(bytes)
        } catch {
            throw failure(error, path: path)
        }
    }

    private static func failure(_ failure: Gzip.Failure, path: String) -> CookbookError {
        switch failure {
        case .truncated(let unpacked):
            .data(
                "the compressed file is cut off (\(unpacked) bytes could be unpacked)", file: path,
                hint: "fetch it again")
        case .damaged(let message, let unpacked):
            .data(
                "the compressed file is damaged after \(unpacked) bytes: \(message)", file: path, hint: "fetch it again"
            )
        case .outOfMemory: .io("not enough memory to unpack '\(path)'")
        }
    }

    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    private static func nearFiles(_ path: String) -> String? {
        let folder = (absolute(path) as NSString).deletingLastPathComponent
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            return "there is no folder \(folder)"
        }
        let near = NearMatches.of((path as NSString).lastPathComponent, among: files.sorted())
        return near.isEmpty ? nil : "did you mean " + near.map { "'\($0)'" }.joined(separator: " or ") + "?"
    }
}
