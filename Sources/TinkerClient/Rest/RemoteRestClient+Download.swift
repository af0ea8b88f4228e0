import Foundation
import ModelFiles
import TinkerWire
package import TrainingAPI

extension RemoteRestClient {
    package func download(
        path: String, to folder: String, progress: @escaping @Sendable (_ done: Int, _ total: Int?) -> Void
    ) -> Future<DownloadedCheckpoint> {
        future("download_checkpoint") { [self] in
            let parsed = try Self.parsed(path)
            let target = URL(filePath: NSString(string: folder).expandingTildeInPath)
            guard !FileManager.default.fileExists(atPath: target.path) else {
                throw TrainingError.usage("\(target.path) is there already", hint: "name a folder that does not exist yet")
            }
            // What breaks off leaves nothing under the folder's name.
            let unfinished = target.deletingLastPathComponent().appending(path: ".\(target.lastPathComponent).unfinished")
            defer { try? FileManager.default.removeItem(at: unfinished) }
            do {
                try? FileManager.default.removeItem(at: unfinished)
                try FileManager.default.createDirectory(at: unfinished, withIntermediateDirectories: true)
                let hash = try await fill(unfinished, path, parsed, progress)
                let files = try Self.files(in: unfinished)
                try FileManager.default.moveItem(at: unfinished, to: target)
                return DownloadedCheckpoint(folder: target.path, files: files, archiveSHA256: hash)
            } catch let error as TarArchive.Damage {
                throw RemoteError.garbage("the archive cannot be unpacked: \(error)")
            } catch let error as CocoaError {
                throw TrainingError.io("cannot write \(target.path): \(error.localizedDescription)")
            }
        }
    }

    /// Fetches the files; returns the hash of the archive in which they came, if they came in one.
    private func fill(
        _ folder: URL, _ path: String, _ parsed: Wire.CheckpointPath, _ progress: @escaping @Sendable (Int, Int?) -> Void
    ) async throws -> String? {
        let url: String
        do { url = try await archiveAddress(path) } catch RemoteError.refused(let status, let detail)
            where [400, 404, 405, 410, 501].contains(status)
        {
            guard parsed.kind == .training else {
                if status == 404 { throw TrainingError.checkpointNotFound(path) }
                throw RemoteError.refused(status: status, detail: detail + "; save_state's checkpoints may be downloadable instead")
            }
            // Services of SDK 0.36 and later hand out what was saved for that purpose.
            try await fillFromExternal(folder, path, progress)
            return nil
        }
        let archive = folder.appending(path: ".archive")
        let outcome = try await FileDownload(transport: connection.transport, pacing: connection.pacing).fetch(
            url, to: archive, progress: progress)
        try Self.unpack(archive, into: folder)
        try FileManager.default.removeItem(at: archive)
        return outcome.sha256
    }

    private func archiveAddress(_ path: String) async throws -> String {
        var call = ServiceCall.get("download_checkpoint", try Self.address(of: path) + "/archive")
        call.policy.acceptsRedirects = true
        let base = connection.address.base
        return try await connection.exchange(call) { reply throws(WireError) in
            let url: String
            if let location = reply.headers["location"] {
                url = location
            } else {
                url = try Wire.ArchiveLocation(jsonBody: reply.body).url
            }
            return URL(string: url, relativeTo: URL(string: base))?.absoluteString ?? url
        }
    }

    private func fillFromExternal(
        _ folder: URL, _ path: String, _ progress: @escaping @Sendable (Int, Int?) -> Void
    ) async throws {
        let client = try await service.createTrainingClient(fromState: path, withOptimizer: false).value
        guard let client = client as? RemoteTrainingClient else { throw TrainingError.checkpointNotFound(path) }
        let external = try await client.saveExternal(name: "download-\(UInt32.random(in: 0...UInt32.max))", seconds: 3600).value
        let locations: Wire.ExternalWeightsLocations = try await connection.call(
            .get("download_checkpoint", try Self.address(of: external) + "/external_weights_urls"))
        var done = 0
        for (name, url) in locations.urls.sorted(by: { $0.key < $1.key }) {
            guard !name.contains("/"), !name.hasPrefix(".") else { throw RemoteError.garbage("a file named '\(name)'") }
            let before = done
            let outcome = try await FileDownload(transport: connection.transport, pacing: connection.pacing).fetch(
                url, to: folder.appending(path: name)
            ) { count, _ in progress(before + count, nil) }
            done += outcome.bytes
        }
    }

    /// Unpacks an archive, plain or compressed.
    private static func unpack(_ archive: URL, into folder: URL) throws {
        var source = archive
        let start = try FileHandle(forReadingFrom: archive).read(upToCount: 2) ?? Data()
        if start == Data([0x1f, 0x8b]) {
            source = folder.appending(path: ".tar")
            let packed = Array(try Data(contentsOf: archive, options: .alwaysMapped))
            try Data(ContentCoding.gzip.decode(packed, limits: WireLimits(bodyBytes: 1 << 34))).write(to: source)
        }
        try TarArchive(FileHandle(forReadingFrom: source)).unpack(into: folder)
        if source != archive { try FileManager.default.removeItem(at: source) }
    }

    private static func files(in folder: URL) throws -> [DownloadedCheckpoint.File] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted().compactMap { name in
            var isFolder: ObjCBool = false
            let file = folder.appending(path: name)
            guard unsafe FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue else {
                return nil
            }
            var hash = SHA256()
            var count = 0
            let handle = try FileHandle(forReadingFrom: file)
            while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty {
                hash.update(part)
                count += part.count
            }
            return DownloadedCheckpoint.File(name: name, bytes: count, sha256: hash.hex())
        }
    }
}
