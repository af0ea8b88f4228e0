import Foundation
import JSON
import Testing

/// JSONTestSuite itself: y_ must be read, n_ must be refused, i_ may go either way, and none may crash.
@Suite("JSONTestSuite")
struct SuiteTests {
    private func files() throws -> [(name: String, bytes: [UInt8])] {
        let url = try #require(Bundle.module.url(forResource: "JSONTestSuite", withExtension: "json", subdirectory: "Vectors"))
        let suite = try JSONValue(parsing: Array(try Data(contentsOf: url)))
        return try #require(suite["files"]?.object).map { name, value in
            (name, Array(try #require(value.string.flatMap { Data(base64Encoded: $0) })))
        }
    }

    @Test("every file gets the verdict that its name demands")
    func verdicts() throws {
        let files = try files()
        #expect(files.count == 316)
        for (name, bytes) in files {
            let isRead = (try? JSONValue(parsing: bytes)) != nil
            switch name.prefix(2) {
            case "y_": #expect(isRead, "\(name)")
            case "n_": #expect(!isRead, "\(name)")
            default: #expect(name.hasPrefix("i_"), "\(name)")
            }
        }
    }

    @Test("a hundred thousand opening brackets are an error, not a crash")
    func deep() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array(repeating: UInt8(ascii: "["), count: 100_000)) }
        let objects = Array(repeating: Array("[{\"\":".utf8), count: 50_000).flatMap(\.self)
        #expect(throws: JSONError.self) { try JSONValue(parsing: objects) }
    }
}
