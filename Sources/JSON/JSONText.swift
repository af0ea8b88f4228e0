/// The spelling of strings and numbers in JSON.
enum JSONText {
    /// What stands for a character after a backslash.
    private enum Escape {
        case scalar(Unicode.Scalar, end: Int)
        case wrong(offset: Int, expected: String)
    }

    /// The characters of a string's inside as UTF-8; nil if an escape is wrong.
    static func unescaped(_ bytes: Span<UInt8>, _ text: Range<Int>) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = text.lowerBound
        while position < text.upperBound {
            let byte = bytes[position]
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                position += 1
                continue
            }
            guard case .scalar(let scalar, let end) = escape(bytes, position + 1, text.upperBound) else { return nil }
            if scalar.isASCII {
                result.append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                result += String(scalar).utf8
            }
            position = end
        }
        return result
    }

    /// The first wrong escape of a string's inside.
    static func problem(_ bytes: Span<UInt8>, _ text: Range<Int>) -> (offset: Int, expected: String)? {
        var position = text.lowerBound
        while position < text.upperBound {
            guard bytes[position] == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            switch escape(bytes, position + 1, text.upperBound) {
            case .scalar(_, let end): position = end
            case .wrong(let offset, let expected): return (offset, expected)
            }
        }
        return nil
    }

    private static func escape(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Escape {
        guard start < end else { return .wrong(offset: start, expected: "an escaped character") }
        switch bytes[start] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return .scalar(Unicode.Scalar(bytes[start]), end: start + 1)
        case UInt8(ascii: "b"): return .scalar("\u{8}", end: start + 1)
        case UInt8(ascii: "f"): return .scalar("\u{c}", end: start + 1)
        case UInt8(ascii: "n"): return .scalar("\n", end: start + 1)
        case UInt8(ascii: "r"): return .scalar("\r", end: start + 1)
        case UInt8(ascii: "t"): return .scalar("\t", end: start + 1)
        case UInt8(ascii: "u"): return hexadecimalEscape(bytes, start + 1, end)
        default: return .wrong(offset: start, expected: "one of \"\\/bfnrtu")
        }
    }

    private static func hexadecimalEscape(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Escape {
        let wrongDigits = "four hexadecimal digits"
        guard var code = hexadecimal(bytes, start, end) else { return .wrong(offset: start, expected: wrongDigits) }
        var position = start + 4
        if (0xd800..<0xdc00).contains(code), position + 1 < end, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            guard let low = hexadecimal(bytes, position + 2, end) else {
                return .wrong(offset: position + 2, expected: wrongDigits)
            }
            guard (0xdc00..<0xe000).contains(low) else {
                return .wrong(offset: position, expected: "the second half of a surrogate pair")
            }
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
            position += 6
        }
        guard let scalar = Unicode.Scalar(code) else { return .wrong(offset: start, expected: "a whole surrogate pair") }
        return .scalar(scalar, end: position)
    }

    private static func hexadecimal(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
        guard end - start >= 4 else { return nil }
        var code: UInt32 = 0
        for position in start..<start + 4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else { return nil }
            code = code << 4 | UInt32(digit)
        }
        return code
    }

    /// Appends a string with its quotes.
    static func append(_ string: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case 0..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends an integer.
    static func append(_ value: Int, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = value.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// Appends a number as Python reads and writes it: NaN and infinities are words, which JSON has no other form for.
    static func append(_ value: some BinaryFloatingPoint & CustomStringConvertible, to bytes: inout [UInt8]) {
        if value.isFinite {
            var text = value.description
            text.withUTF8 { unsafe bytes.append(contentsOf: $0) }
        } else {
            bytes += (value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity").utf8
        }
    }
}
