public import Foundation

/// Golden vectors in a test target's `Vectors` folder.
public enum Vectors {
    /// Decodes a JSON file of a test target's bundle.
    public static func load<T: Decodable>(_ type: T.Type, _ name: String, in bundle: Bundle) throws -> T {
        let url = bundle.bundleURL.appending(path: "Vectors/\(name).json")
        return try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }
}
