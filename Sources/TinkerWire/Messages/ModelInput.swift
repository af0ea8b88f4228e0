import Foundation
package import JSON

extension Wire {
    /// What a model reads: pieces of text, pictures and sound in their order.
    public struct ModelInput: Sendable, Equatable {
        /// One piece.
        public enum Chunk: Sendable, Equatable {
            /// Token ids.
            case encodedText([Int])
            /// A picture.
            case image(Image)
            /// A picture that the service fetches; in JSON alone.
            case imageAsset(location: String, format: String?, expectedTokens: Int?)
            /// Sound, as the service's own encoding of a mel spectrogram.
            case dmel([UInt8])
        }

        /// A picture's file.
        public struct Image: Sendable, Equatable {
            /// The bytes of the file.
            public var data: [UInt8]
            /// `png` or `jpeg`.
            public var format: String
            /// How many tokens the client takes it for.
            public var expectedTokens: Int?
            /// The size to scale it to, in pixels.
            public var overrideDimensions: Dimensions?

            /// Made of its parts.
            public init(
                data: [UInt8], format: String, expectedTokens: Int? = nil, overrideDimensions: Dimensions? = nil
            ) {
                self.data = data
                self.format = format
                self.expectedTokens = expectedTokens
                self.overrideDimensions = overrideDimensions
            }
        }

        /// The size of a picture in pixels.
        public struct Dimensions: Sendable, Equatable {
            /// From left to right.
            public var width: Int
            /// From top to bottom.
            public var height: Int

            /// Made of its parts.
            public init(width: Int, height: Int) {
                self.width = width
                self.height = height
            }
        }

        /// The pieces in their order.
        public var chunks: [Chunk]

        /// An input of these pieces.
        public init(chunks: [Chunk]) { self.chunks = chunks }
    }
}

extension Wire.ModelInput: JSONMessage {
    package init(json: JSONNode) throws(WireError) { chunks = try json.value("chunks") }
    package func writeMembers(to json: inout JSONWriter) { json.member("chunks", chunks) }
}

extension Wire.ModelInput.Dimensions: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        width = try json.value("width")
        height = try json.value("height")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("width", width)
        json.member("height", height)
    }
}

extension Wire.ModelInput.Chunk: JSONMessage {
    /// SDKs up to 0.16 do not name the type of a chunk; what it holds tells.
    package init(json: JSONNode) throws(WireError) {
        if let tokens: [Int] = try json.optional("tokens") {
            self = .encodedText(tokens)
        } else if let data: Base64 = try json.optional("data") {
            self = .image(
                Wire.ModelInput.Image(
                    data: data.bytes, format: try json.value("format"),
                    expectedTokens: try json.optional("expected_tokens"),
                    overrideDimensions: try json.optional("override_dimensions")))
        } else if let location: String = try json.optional("location") {
            self = .imageAsset(
                location: location, format: try json.optional("format"),
                expectedTokens: try json.optional("expected_tokens"))
        } else if let dmel: Base64 = try json.optional("dmel") {
            self = .dmel(dmel.bytes)
        } else {
            let type: String? = try json.optional("type")
            throw json.mismatch("a chunk with 'tokens', 'data', 'location' or 'dmel'" + (type.map { " of type \($0)" } ?? ""))
        }
    }

    package func writeMembers(to json: inout JSONWriter) {
        switch self {
        case .encodedText(let tokens):
            json.type("encoded_text")
            json.member("tokens", tokens)
        case .image(let image):
            json.type("image")
            json.member("data", Base64(bytes: image.data))
            json.member("format", image.format)
            json.member("expected_tokens", image.expectedTokens)
            json.member("override_dimensions", image.overrideDimensions)
        case .imageAsset(let location, let format, let expectedTokens):
            json.type("image_asset_pointer")
            json.member("location", location)
            json.member("format", format)
            json.member("expected_tokens", expectedTokens)
        case .dmel(let bytes):
            json.type("dmel")
            json.member("dmel", Base64(bytes: bytes))
        }
    }
}

/// Bytes as text (RFC 4648).
private struct Base64: JSONCodable {
    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    init(json: JSONNode) throws(WireError) {
        guard let data = Data(base64Encoded: try json.string()) else { throw json.mismatch("base64") }
        bytes = Array(data)
    }

    func write(to json: inout JSONWriter) { json.value(Data(bytes).base64EncodedString()) }
}
