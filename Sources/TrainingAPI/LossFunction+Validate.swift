import Tensors

extension LossFunction {
    /// Checks that every datum carries what this loss needs, in shapes that fit. Everything below relies on it, so services call
    /// this first. `indices` of the datums start at `firstIndex`; without a vocabulary size, token ids are only checked for sign.
    public func validate(
        _ data: [Datum], vocabularySize: Int? = nil, contextLength: Int? = nil, firstIndex: Int = 0
    ) throws(TrainingError) {
        guard !data.isEmpty else { throw .emptyInput("the list of datums") }
        for (offset, datum) in data.enumerated() {
            try validate(
                datum, index: firstIndex + offset, vocabularySize: vocabularySize, contextLength: contextLength)
        }
    }

    private func validate(
        _ datum: Datum, index: Int, vocabularySize: Int?, contextLength: Int?
    ) throws(TrainingError) {
        let length = datum.modelInput.length
        guard length > 0 else { throw .emptyInput("datum \(index + 1): model_input") }
        if let contextLength, length > contextLength { throw .contextExceeded(length: length, limit: contextLength) }
        let required = ["target_tokens"] + name.requiredInputs
        for key in datum.lossFnInputs.keys.sorted() where !required.contains(key) {
            throw .unknownLossInput(key, loss: name.rawValue, datum: index, known: required)
        }
        let vocabulary = 0..<(vocabularySize ?? .max)
        for (position, token) in datum.modelInput.tokens.enumerated() where !vocabulary.contains(token) {
            throw .invalidToken(
                String(token), name: "model_input", datum: index, position: position, vocabularySize: vocabularySize)
        }
        var targetShape: [Int] = []
        for key in required {
            guard let input = datum.lossFnInputs[key] else {
                throw .missingLossInput(key, loss: name.rawValue, datum: index)
            }
            if key == "target_tokens" {
                guard (1...2).contains(input.rank), input.shape[0] == length, input.count > 0 else {
                    throw .shapeMismatch(name: key, expected: [length], got: input.shape, datum: index)
                }
                targetShape = input.shape
                try validateTokens(input, index: index, vocabulary: vocabulary, vocabularySize: vocabularySize)
                continue
            }
            guard input.shape == targetShape else {
                throw .shapeMismatch(name: key, expected: targetShape, got: input.shape, datum: index)
            }
            if let position = input.floats.firstIndex(where: { !$0.isFinite }) {
                throw .notFiniteInput(name: key, datum: index, position: position)
            }
        }
    }

    /// Scripts make tensors of plain numbers, so whole numbers of any type are accepted as token ids.
    private func validateTokens(
        _ tokens: Tensor, index: Int, vocabulary: Range<Int>, vocabularySize: Int?
    ) throws(TrainingError) {
        let position: Int?
        switch tokens.storage {
        case .int64(let values): position = values.firstIndex { !vocabulary.contains($0) }
        case .float32, .float64:
            position = tokens.doubles.firstIndex { Int(exactly: $0).map(vocabulary.contains) != true }
        }
        guard let position else { return }
        let text = tokens.dtype == .int64 ? String(tokens.ints[position]) : String(tokens.doubles[position])
        throw .invalidToken(
            text, name: "target_tokens", datum: index, position: position, vocabularySize: vocabularySize)
    }
}
