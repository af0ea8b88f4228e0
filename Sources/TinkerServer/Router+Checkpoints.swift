import Foundation
import TinkerWire
import TrainingAPI

extension Router {
    /// How long an address of a download holds.
    private static let downloadLifetime = 900.0

    private func checkpoint(_ record: CheckpointRecord) -> Wire.Checkpoint? {
        Wire.Checkpoint(record, sizeBytes: catalogue.size(of: record))
    }

    /// The checkpoints of a run or of all.
    func checkpoints(_ request: ServerRequest, run: String? = nil) throws -> ServerResponse {
        let showsExternal = !request.comesFromSDK(before: 28)
        let records = catalogue.all.filter {
            (run == nil || $0.parts?.run == run) && (showsExternal || $0.parts?.kind != .external)
        }
        let (page, cursor) = try page(records, request, limit: run == nil ? 100 : 10_000)
        return .json(Wire.CheckpointList(checkpoints: page.compactMap(checkpoint), cursor: cursor))
    }

    /// Models that are open, and those of which there are checkpoints.
    private func runs() async -> [Wire.TrainingRun] {
        var runs: [String: Wire.TrainingRun] = [:]
        for run in await state.openRuns { runs[run.trainingRunID] = run }
        for record in catalogue.all.reversed() {
            guard let parts = record.parts else { continue }
            var run =
                runs[parts.run]
                ?? Wire.TrainingRun(
                    trainingRunID: parts.run, baseModel: record.baseModel, modelOwner: ServerState.owner, isLora: true,
                    loraRank: record.lora.rank, lastRequestTime: record.time.iso8601)
            if parts.kind == .training { run.lastCheckpoint = checkpoint(record) }
            if parts.kind == .sampler { run.lastSamplerCheckpoint = checkpoint(record) }
            runs[parts.run] = run
        }
        return runs.values.sorted { ($1.lastRequestTime, $1.trainingRunID) < ($0.lastRequestTime, $0.trainingRunID) }
    }

    func trainingRuns(_ request: ServerRequest) async throws -> ServerResponse {
        let (page, cursor) = try page(await runs(), request, limit: 20)
        return .json(Wire.TrainingRunList(trainingRuns: page, cursor: cursor))
    }

    func trainingRun(_ id: String) async throws -> Wire.TrainingRun {
        guard let run = await runs().first(where: { $0.trainingRunID == id }) else {
            throw ServerError(404, "there is no training run '\(id.prefix(120))'")
        }
        return run
    }

    /// What is done with one checkpoint.
    func checkpoint(_ request: ServerRequest, path: String, action: String) throws -> ServerResponse {
        let found: Bool
        switch (request.method, action) {
        case ("DELETE", ""): found = try catalogue.remove(path)
        case ("POST", "publish"): found = try catalogue.update(path) { $0.isPublic = true }
        case ("DELETE", "publish"): found = try catalogue.update(path) { $0.isPublic = false }
        case ("PUT", "ttl"):
            let ttl = try request.json(Wire.TimeToLiveRequest.self, limits.wire).ttlSeconds
            let expires = ttl.map { clock.now().addingTimeInterval(Double($0)) }
            found = try catalogue.update(path) { $0.expires = expires }
        case ("GET", "archive"):
            let (url, expires) = try address(.archive(files(path)), request)
            return ServerResponse(status: 302, headers: ["location": url, "expires": expires])
        case ("GET", "external_weights_urls"):
            var urls: [String: String] = [:]
            let folder = try files(path)
            for name in AdapterArchive.fileNames {
                urls[name] = try address(.file(folder.appending(path: name)), request).url
            }
            return .json(
                Wire.ExternalWeightsLocations(
                    urls: urls, expires: clock.now().addingTimeInterval(Self.downloadLifetime).iso8601))
        default: throw Self.notFound(request)
        }
        guard found else { throw ServerError(404, "there is no checkpoint at \(path.prefix(200))") }
        return .noContent
    }

    private func files(_ path: String) throws(ServerError) -> URL {
        guard let record = catalogue[path] else { throw ServerError(404, "there is no checkpoint at \(path.prefix(200))") }
        guard let folder = catalogue.files(of: record) else {
            throw ServerError(404, "the files of \(path.prefix(200)) are not on this machine")
        }
        return folder
    }

    /// An address that opens a download for a while.
    private func address(_ grant: AccessTokens.Grant, _ request: ServerRequest) throws -> (url: String, expires: String) {
        guard let host = request.headers["host"] else { throw ServerError(400, "the Host header is missing") }
        let expires = clock.now().addingTimeInterval(Self.downloadLifetime)
        let token = tokens.issue(grant, until: expires)
        return ("http://\(host)/api/v1/downloads/\(token)", expires.httpDate)
    }

    /// What an address opens. Like a signed URL it needs no key.
    func download(_ token: String) throws -> ServerResponse {
        switch tokens.grant(token, clock.now()) {
        case .archive(let folder):
            return ServerResponse(
                status: 200, headers: ["content-type": "application/x-tar"], body: try AdapterArchive.tar(folder, clock.now()))
        case .file(let file):
            return ServerResponse(
                status: 200, headers: ["content-type": "application/octet-stream"], body: Array(try Data(contentsOf: file)))
        case .everything, nil: throw ServerError(404, "this download has expired; ask for its address again")
        }
    }
}

extension ServerRequest {
    /// Whether an official SDK older than version 0.`minor` has sent this. SDKs before 0.28 reject a whole list for one external
    /// checkpoint in it.
    fileprivate func comesFromSDK(before minor: Int) -> Bool {
        let version = (headers["x-stainless-package-version"] ?? "").split(separator: ".").map { Int($0) }
        guard version.count > 1, version[0] == 0, let number = version[1] else { return false }
        return number < minor
    }
}

extension ServerState {
    /// All keys of a server belong to one user.
    static let owner = "local"

    /// The models that are open.
    var openRuns: [Wire.TrainingRun] {
        models.values.compactMap { model in
            guard let client = model.client else { return nil }
            return Wire.TrainingRun(
                trainingRunID: model.id, baseModel: client.baseModel, modelOwner: Self.owner, isLora: true,
                loraRank: client.loraConfig.rank, lastRequestTime: model.lastRequest.iso8601, userMetadata: model.userMetadata)
        }
    }
}

extension Date {
    /// For instance `Sat, 21 Nov 2026 02:29:37 GMT` (RFC 9110).
    fileprivate var httpDate: String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: self)
    }
}
