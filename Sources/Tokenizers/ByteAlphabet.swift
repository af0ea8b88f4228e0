/// The printable characters that stand for bytes in the vocabularies of byte-level tokenizers, as introduced by GPT-2: the
/// printable characters of Latin-1 stand for themselves, the remaining bytes take U+0100 and up in order.
public enum ByteAlphabet {
    /// The character of each byte.
    public static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (0..<256).map { (byte: UInt32) in
            let printable = (0x21...0x7e) ~= byte || (0xa1...0xac) ~= byte || (0xae...0xff) ~= byte
            defer { if !printable { next += 1 } }
            return Unicode.Scalar(printable ? byte : next) ?? "\u{fffd}"
        }
    }()

    private static let bytes: [UInt8?] = {
        var table = [UInt8?](repeating: nil, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = UInt8(byte) }
        return table
    }()

    /// The bytes that a token's text stands for; characters outside the alphabet stand for their own UTF-8.
    public static func bytes(of text: some Sequence<Unicode.Scalar>) -> [UInt8] {
        var result: [UInt8] = []
        for scalar in text {
            let value = Int(scalar.value)
            if value < bytes.count, let byte = bytes[value] {
                result.append(byte)
            } else {
                result.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            }
        }
        return result
    }

    /// The text of a token that stands for these bytes.
    public static func text(of bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(scalars[Int(byte)]) }
        return String(text)
    }
}
