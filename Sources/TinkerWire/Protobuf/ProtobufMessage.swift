/// A message that has a protobuf form, in the schema `tinker_public` of the SDK (field numbers have never changed).
package protocol ProtobufMessage: Sendable, Equatable {
    init(protobuf reader: ProtobufReader) throws(WireError)
    /// Throws `unsupported` for what the schema has no place for.
    func write(to protobuf: inout ProtobufWriter) throws(WireError)
}

extension ProtobufMessage {
    /// The message that a body holds.
    package init(protobufBody bytes: [UInt8], limits: WireLimits = WireLimits()) throws(WireError) {
        try self.init(protobuf: ProtobufReader(bytes, limits: limits))
    }

    /// The body of this message.
    package func protobufBody() throws(WireError) -> [UInt8] {
        var writer = ProtobufWriter()
        try write(to: &writer)
        return writer.bytes
    }
}
