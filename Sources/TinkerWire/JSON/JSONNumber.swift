/// A number's parts as its text spells them: `mantissa * 10^exponent`.
struct JSONNumber {
    private var isNegative = false
    private var mantissa: UInt64 = 0
    private var exponent = 0
    /// Whether the mantissa holds every digit.
    private var isExact = true
    /// NaN or infinity, which Python writes as words.
    private var word: Double?
    private let text: Range<Int>

    /// The place after the number.
    var end: Int { text.upperBound }

    /// Goes past a number if there is one.
    static func skip(_ bytes: [UInt8], _ position: inout Int) -> Bool {
        guard let number = JSONNumber(bytes, at: position) else { return false }
        position = number.end
        return true
    }

    /// The number that begins at a place, if one does.
    init?(_ bytes: [UInt8], at start: Int) {
        var position = start
        func digit(_ place: Int) -> UInt64? {
            guard place < bytes.count else { return nil }
            let value = bytes[place] &- 0x30
            return value < 10 ? UInt64(value) : nil
        }
        func has(_ character: Unicode.Scalar) -> Bool {
            position < bytes.count && bytes[position] == UInt8(ascii: character)
        }
        if has("-") {
            isNegative = true
            position += 1
        }
        guard let first = digit(position) else {
            for (name, value) in [("NaN", Double.nan), ("Infinity", .infinity)] {
                guard position < bytes.count, bytes[position] == name.utf8.first else { continue }
                guard bytes[position...].starts(with: name.utf8) else { return nil }
                word = isNegative ? -value : value
                text = start..<position + name.utf8.count
                return
            }
            return nil
        }
        mantissa = first
        position += 1
        var digits = first == 0 ? 0 : 1
        if first != 0 {
            while let next = digit(position) {
                position += 1
                if digits < 19 {
                    mantissa = mantissa * 10 + next
                    digits += 1
                } else {
                    exponent += 1
                    isExact = false
                }
            }
        }
        if has(".") {
            position += 1
            guard digit(position) != nil else { return nil }
            while let next = digit(position) {
                position += 1
                guard digits < 19 else {
                    isExact = isExact && next == 0
                    continue
                }
                mantissa = mantissa * 10 + next
                exponent -= 1
                if mantissa != 0 { digits += 1 }
            }
        }
        if has("e") || has("E") {
            position += 1
            let isReciprocal = has("-")
            if isReciprocal || has("+") { position += 1 }
            guard digit(position) != nil else { return nil }
            var power = 0
            while let next = digit(position) {
                position += 1
                // Far beyond the range of float64 on either side.
                power = min(power * 10 + Int(next), 100_000)
            }
            exponent += isReciprocal ? -power : power
        }
        text = start..<position
    }

    /// The integer that this is, if it is one of 64 bits; `3.0` and `3e2` are integers, too.
    func integer(_ bytes: [UInt8]) -> Int? {
        if word == nil, isExact, exponent == 0 {
            if !isNegative { return Int(exactly: mantissa) }
            return mantissa == 1 << 63 ? .min : Int(exactly: mantissa).map { -$0 }
        }
        let value = double(bytes)
        // Beyond that a fraction's text does not tell which integer was meant.
        return abs(value) <= 0x1p53 ? Int(exactly: value) : nil
    }

    /// The nearest float64.
    func double(_ bytes: [UInt8]) -> Double {
        if let word { return word }
        if isExact, mantissa <= 1 << 53, let value = scaled { return value }
        // Exponents of any size are texts that the library knows how to round.
        return Double(String(decoding: bytes[text], as: UTF8.self)) ?? .nan
    }

    /// The nearest float64 rounded to float32, as Python and NumPy read a number.
    func float(_ bytes: [UInt8]) -> Float {
        // Two roundings leave the product at most 2 units from the truth. Unless half a unit of float32 lies that near, both
        // round to the same float32.
        if isExact, word == nil, let value = scaled, abs(value) > 1e-37, abs(value) < 1e38 {
            let rest = Int(value.bitPattern & 0x1fff_ffff)
            if abs(rest - 0x1000_0000) > 4 { return Float(value) }
        }
        return Float(double(bytes))
    }

    /// The value with one rounding of the mantissa and one of the product, for the powers of ten that float64 holds exactly.
    private var scaled: Double? {
        guard abs(exponent) <= 22 else { return nil }
        let magnitude = Double(mantissa)
        let value = exponent < 0 ? magnitude / Self.powers[-exponent] : magnitude * Self.powers[exponent]
        return isNegative ? -value : value
    }

    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
        1e21, 1e22,
    ]
}
