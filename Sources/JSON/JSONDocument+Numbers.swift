/// Why a node is not the list of numbers that is wanted.
package enum JSONListError: Error, Equatable {
    /// It is no list, or one of other things.
    case notNumbers
    /// One element is of another kind.
    case element(place: Int, found: String)
    /// There are too many.
    case tooLong
}

extension JSONDocument {
    /// The integers of a list; `3.0` is one, too.
    package func integers(_ index: Int, limit: Int) throws(JSONListError) -> [Int] {
        try numbers(index, limit: limit) { $0?.integer(bytes) }
    }

    /// The numbers of a list; null is NaN, because that is what Python's strict writers make of NaN.
    package func floats(_ index: Int, limit: Int) throws(JSONListError) -> [Float] {
        try numbers(index, limit: limit) { $0?.float(bytes) ?? .nan }
    }

    /// The numbers of a list; null is NaN.
    package func doubles(_ index: Int, limit: Int) throws(JSONListError) -> [Double] {
        try numbers(index, limit: limit) { $0?.double(bytes) ?? .nan }
    }

    /// The numbers of a list, nil for each null.
    package func optionalFloats(_ index: Int, limit: Int) throws(JSONListError) -> [Float?] {
        try numbers(index, limit: limit) { .some($0?.float(bytes)) }
    }

    /// The numbers of a list as they are spelt, and the nulls.
    func values(_ index: Int) -> [JSONValue] {
        let values = try? numbers(index, limit: .max) { number -> JSONValue? in
            number.map { .number(JSONValue.Number(text: String(decoding: bytes[$0.text], as: UTF8.self))) } ?? .null
        }
        return values ?? []
    }

    /// `read` also gets nulls, as nil.
    private func numbers<Value>(
        _ index: Int, limit: Int, _ read: (JSONNumber?) -> Value?
    ) throws(JSONListError) -> [Value] {
        let node = nodes[index]
        var values: [Value] = []
        switch node.kind {
        case .numbers:
            let bytes = bytes.span
            var position = Int(node.start) + 1
            let end = Int(node.end) - 1
            while position < end {
                let start = position
                let value: Value?
                switch bytes[position] {
                case 0x20, 0x09, 0x0a, 0x0d, UInt8(ascii: ","):
                    position += 1
                    continue
                case UInt8(ascii: "n"):
                    position += 4
                    value = read(nil)
                default:
                    guard let number = JSONNumber(bytes, at: position) else { throw .notNumbers }
                    position = number.text.upperBound
                    value = read(number)
                }
                guard let value else {
                    let text = self.bytes[start..<min(position, start + 40)]
                    throw .element(place: values.count, found: String(decoding: text, as: UTF8.self))
                }
                guard values.count < limit else { throw .tooLong }
                values.append(value)
            }
        case .array:
            // Empty, or nulls alone, or something that is no list of numbers.
            for (place, child) in children(index).enumerated() {
                guard kind(child) == .null else { throw .notNumbers }
                guard let value = read(nil) else { throw .element(place: place, found: "null") }
                values.append(value)
            }
        default: throw .notNumbers
        }
        return values
    }
}
