/// Reads the fields of one protobuf message from untrusted bytes. Nothing is allocated before the bytes are known to be there, and
/// messages are only descended into where the schema has one, so nesting is as deep as the schema.
package struct ProtobufReader {
    /// A field's number and how its value is written.
    struct Field {
        let number: Int
        let type: WireType
    }

    /// How a value is written.
    enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case fixed32 = 5
    }

    /// How large the message may be that this is a part of.
    let limits: WireLimits
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    /// A reader of a whole body.
    init(_ bytes: [UInt8], limits: WireLimits) throws(WireError) {
        try limits.check(bytes.count, \.bodyBytes, "a body of \(bytes.count) bytes")
        self.init(bytes, 0..<bytes.count, limits)
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>, _ limits: WireLimits) {
        self.bytes = bytes
        self.limits = limits
        position = range.lowerBound
        end = range.upperBound
    }

    private func failure(_ problem: String) -> WireError { .notProtobuf(offset: position, problem: problem) }

    /// The number of bytes not read yet.
    var remaining: Int { end - position }

    /// A reader of some of the bytes not read yet; the caller has checked that they are there.
    func slice(_ range: Range<Int>) -> ProtobufReader {
        ProtobufReader(bytes, position + range.lowerBound..<position + range.upperBound, limits)
    }

    /// The next field's number and type, nil at the end of the message. Its value has to be read or skipped.
    mutating func next() throws(WireError) -> Field? {
        guard position < end else { return nil }
        let tag = try varint()
        guard let number = Int(exactly: tag >> 3), (1..<1 << 29).contains(number) else {
            throw failure("a field number out of range")
        }
        guard let type = WireType(rawValue: tag & 7) else { throw failure("an unknown wire type \(tag & 7)") }
        return Field(number: number, type: type)
    }

    /// Goes past a field that the message does not know.
    mutating func skip(_ field: Field) throws(WireError) {
        switch field.type {
        case .varint: _ = try varint()
        case .fixed64: try advance(8)
        case .fixed32: try advance(4)
        case .bytes: _ = try range(field)
        }
    }

    private mutating func advance(_ count: Int) throws(WireError) {
        guard count <= end - position else { throw failure("the message ends inside of a value") }
        position += count
    }

    private func expect(_ type: WireType, _ field: Field) throws(WireError) {
        guard field.type == type else { throw failure("field \(field.number) has another type than the schema says") }
    }

    private mutating func varint() throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { throw failure("the message ends inside of a number") }
            let byte = bytes[position]
            position += 1
            // Of the tenth byte one bit counts; the others fall off, as in every implementation.
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        throw failure("a number of more than ten bytes")
    }

    /// Where the bytes of a field are.
    private mutating func range(_ field: Field) throws(WireError) -> Range<Int> {
        try expect(.bytes, field)
        let length = try varint()
        guard length <= UInt64(end - position) else { throw failure("a length beyond the end of the message") }
        let start = position
        position += Int(length)
        return start..<position
    }

    mutating func integer(_ field: Field) throws(WireError) -> Int {
        try expect(.varint, field)
        return Int(Int64(bitPattern: try varint()))
    }

    mutating func boolean(_ field: Field) throws(WireError) -> Bool { try integer(field) != 0 }

    mutating func double(_ field: Field) throws(WireError) -> Double {
        try expect(.fixed64, field)
        let start = position
        try advance(8)
        return Double(bitPattern: PackedNumbers.read(bytes, start..<position, as: UInt64.self) { $0 }[0])
    }

    mutating func data(_ field: Field) throws(WireError) -> [UInt8] { Array(bytes[try range(field)]) }

    mutating func string(_ field: Field) throws(WireError) -> String {
        let range = try range(field)
        guard let string = String(validating: bytes[range], as: UTF8.self) else {
            throw .notProtobuf(offset: range.lowerBound, problem: "a string that is no UTF-8")
        }
        return string
    }

    /// A reader of the message that a field holds.
    mutating func message(_ field: Field) throws(WireError) -> ProtobufReader {
        ProtobufReader(bytes, try range(field), limits)
    }

    /// Adds the value or the packed values of a repeated integer.
    mutating func append(_ field: Field, to values: inout [Int]) throws(WireError) {
        guard field.type == .bytes else { return values.append(try integer(field)) }
        var packed = try message(field)
        while packed.position < packed.end { values.append(Int(Int64(bitPattern: try packed.varint()))) }
    }

    /// The elements of the little-endian array that the rest of this reader's bytes are.
    func rest<Element: FixedWidthInteger, Value>(
        of type: Element.Type, _ value: (Element) -> Value
    ) throws(WireError) -> [Value] {
        let size = MemoryLayout<Element>.size
        let count = end - position
        guard count % size == 0 else { throw failure("\(count) bytes are no array of \(size)-byte numbers") }
        try limits.check(count / size, \.tensorElements, "an array")
        return PackedNumbers.read(bytes, position..<end, as: type, value)
    }

    /// An array of int32.
    mutating func int32s(_ field: Field) throws(WireError) -> [Int] { try message(field).rest(of: Int32.self) { Int($0) } }

    /// An array of int64.
    mutating func int64s(_ field: Field) throws(WireError) -> [Int] { try message(field).rest(of: Int.self) { $0 } }

    /// An array of float32.
    mutating func floats(_ field: Field) throws(WireError) -> [Float] {
        try message(field).rest(of: UInt32.self) { Float(bitPattern: $0) }
    }

    /// A map's entry: a message of a key and a value, either of which is absent if it is the default.
    mutating func entry(_ field: Field, value: (inout ProtobufReader, Field) throws(WireError) -> Void) throws(WireError) -> String {
        var entry = try message(field)
        var key = ""
        while let part = try entry.next() {
            switch part.number {
            case 1: key = try entry.string(part)
            case 2: try value(&entry, part)
            default: try entry.skip(part)
            }
        }
        return key
    }
}
