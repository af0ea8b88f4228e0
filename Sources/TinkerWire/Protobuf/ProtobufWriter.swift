/// Writes the fields of one protobuf message. Scalars that have the default value are left out, as proto3 wants it.
package struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func tag(_ number: Int, _ type: ProtobufReader.WireType) {
        varint(UInt64(number) << 3 | type.rawValue)
    }

    mutating func integer(_ number: Int, _ value: Int) { if value != 0 { present(number, value) } }

    /// A field that is written even for 0: those marked optional in the schema, and members of a choice.
    mutating func present(_ number: Int, _ value: Int) {
        tag(number, .varint)
        varint(UInt64(bitPattern: Int64(value)))
    }

    mutating func boolean(_ number: Int, _ value: Bool) { integer(number, value ? 1 : 0) }

    /// A double, 0 too: as a map's value or a member of a choice it is always there.
    mutating func present(_ number: Int, _ value: Double) {
        tag(number, .fixed64)
        bytes += PackedNumbers.bytes([value]) { $0.bitPattern }
    }

    mutating func data(_ number: Int, _ value: [UInt8]) { if !value.isEmpty { present(number, value) } }

    /// Bytes that are written even if they are empty.
    mutating func present(_ number: Int, _ value: [UInt8]) {
        tag(number, .bytes)
        varint(UInt64(value.count))
        bytes += value
    }

    mutating func string(_ number: Int, _ value: String) { data(number, Array(value.utf8)) }

    /// Integers in one packed field.
    mutating func packed(_ number: Int, _ values: [Int]) {
        var packed = ProtobufWriter()
        for value in values { packed.varint(UInt64(bitPattern: Int64(value))) }
        data(number, packed.bytes)
    }

    mutating func message(
        _ number: Int, _ write: (inout ProtobufWriter) throws(WireError) -> Void
    ) throws(WireError) {
        var writer = ProtobufWriter()
        try write(&writer)
        present(number, writer.bytes)
    }

    /// A map, its keys sorted so that equal messages have equal bytes; `write` writes field 2 of each entry.
    mutating func map<Value>(
        _ number: Int, _ map: [String: Value], _ write: (inout ProtobufWriter, Value) throws(WireError) -> Void
    ) throws(WireError) {
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            try message(number) { entry throws(WireError) in
                entry.present(1, Array(key.utf8))
                try write(&entry, value)
            }
        }
    }
}
