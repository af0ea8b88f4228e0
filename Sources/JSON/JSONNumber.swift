/// A number's parts as its text spells them: `mantissa * 10^exponent`.
struct JSONNumber {
    private var isNegative = false
    private var mantissa: UInt64 = 0
    private var exponent = 0
    /// Whether the mantissa holds every digit.
    private var isExact = true
    /// NaN or infinity, which Python writes as words.
    private var word: Double?
    /// Where the number stands.
    let text: Range<Int>

    /// The place after the number that begins at a place, if one does.
    static func end(_ bytes: Span<UInt8>, at start: Int, _ mode: JSONMode) -> Int? {
        // No function in here may change a captured variable: that would be checked for exclusivity at every digit.
        var position = start
        if isAt(position, "-", bytes) { position += 1 }
        if isAt(position, "0", bytes) {
            position += 1
        } else {
            let digits = endOfDigits(bytes, position)
            guard digits > position else { return mode == .lenient ? word(bytes, at: position)?.end : nil }
            position = digits
        }
        if isAt(position, ".", bytes) {
            let digits = endOfDigits(bytes, position + 1)
            guard digits > position + 1 else { return nil }
            position = digits
        }
        if isAt(position, "e", bytes) || isAt(position, "E", bytes) {
            position += 1
            if isAt(position, "-", bytes) || isAt(position, "+", bytes) { position += 1 }
            let digits = endOfDigits(bytes, position)
            guard digits > position else { return nil }
            position = digits
        }
        return position
    }

    private static func isAt(_ position: Int, _ character: Unicode.Scalar, _ bytes: Span<UInt8>) -> Bool {
        position < bytes.count && bytes[position] == UInt8(ascii: character)
    }

    private static func endOfDigits(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var position = start
        while position < bytes.count, bytes[position] &- 0x30 < 10 { position += 1 }
        return position
    }

    /// NaN and infinity as Python writes them.
    private static func word(_ bytes: Span<UInt8>, at start: Int) -> (value: Double, end: Int)? {
        for (name, value) in [("NaN", Double.nan), ("Infinity", .infinity)] {
            guard name.utf8.count <= bytes.count - start else { continue }
            if zip(name.utf8, start...).allSatisfy({ $0 == bytes[$1] }) { return (value, start + name.utf8.count) }
        }
        return nil
    }

    /// The number that begins at a place, if one does.
    init?(_ bytes: Span<UInt8>, at start: Int) {
        guard let end = Self.end(bytes, at: start, .lenient) else { return nil }
        text = start..<end
        var position = start
        if bytes[position] == UInt8(ascii: "-") {
            isNegative = true
            position += 1
        }
        if bytes[position] &- 0x30 >= 10 {
            word = Self.word(bytes, at: position).map { isNegative ? -$0.value : $0.value }
            return
        }
        // Nineteen digits fit the mantissa whatever they are.
        var room = 19
        var isFraction = false
        while position < end {
            let byte = bytes[position]
            if byte == UInt8(ascii: ".") {
                isFraction = true
            } else if byte &- 0x30 < 10 {
                let digit = UInt64(byte &- 0x30)
                if room > 0 {
                    mantissa = mantissa &* 10 &+ digit
                    if isFraction { exponent -= 1 }
                    if mantissa > 0 { room -= 1 }
                } else {
                    if !isFraction { exponent += 1 }
                    isExact = isExact && digit == 0
                }
            } else {
                exponent += Self.power(bytes, from: position + 1, to: end)
                break
            }
            position += 1
        }
    }

    /// The exponent that is written after an `e`.
    private static func power(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var power = 0
        for position in start..<end where bytes[position] &- 0x30 < 10 {
            // Far beyond the range of float64 on either side.
            power = min(power * 10 + Int(bytes[position] &- 0x30), 100_000)
        }
        return bytes[start] == UInt8(ascii: "-") ? -power : power
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
