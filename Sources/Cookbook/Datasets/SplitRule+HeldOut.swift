import JSON
import Tensors

extension SplitRule {
    /// For each row, whether it is held out for testing.
    func heldOut(
        _ fields: [[String: JSONValue]], prompts: [[Message]], source: String
    ) throws(CookbookError) -> [Bool] {
        switch self {
        case .allTrain: return fields.map { _ in false }
        case .asMarked: return try marks(fields, source: source) ?? fields.map { _ in false }
        case .byPrompt(let testSize, let seed):
            guard testSize >= 0 else { throw .usage("test_size must not be negative, but is \(testSize)") }
            guard testSize < prompts.count else {
                throw .usage(
                    "test_size is \(testSize), but \(source) has only \(prompts.count) usable rows",
                    hint: "leave at least one row to train on")
            }
            return byPrompt(prompts, testSize: testSize, seed: seed)
        }
    }

    /// The rows' own marks, if every row has one; some with and some without would leave rows out by accident.
    private func marks(_ fields: [[String: JSONValue]], source: String) throws(CookbookError) -> [Bool]? {
        let marks = fields.map { $0["split"]?.string }
        guard marks.contains(where: { $0 == "test" }) else { return nil }
        guard marks.allSatisfy({ $0 == "train" || $0 == "test" }) else {
            throw .data(
                "some rows are marked as split 'test', but others are marked neither 'train' nor 'test'", file: source,
                hint: "mark all rows, or give test_size to split by prompt")
        }
        return marks.map { $0 == "test" }
    }

    /// Holds out whole groups of rows with one prompt, in seeded order, as long as they fit.
    private func byPrompt(_ prompts: [[Message]], testSize: Int, seed: Int) -> [Bool] {
        var groups: [[Message]: [Int]] = [:]
        var order: [[Message]] = []
        for (index, prompt) in prompts.enumerated() {
            if groups[prompt] == nil { order.append(prompt) }
            groups[prompt, default: []].append(index)
        }
        var heldOut = prompts.map { _ in false }
        var left = testSize
        for place in SeededRandom(seed).permutation(order.count) {
            guard let rows = groups[order[place]], rows.count <= left else { continue }
            for row in rows { heldOut[row] = true }
            left -= rows.count
        }
        return heldOut
    }
}
