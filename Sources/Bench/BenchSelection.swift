/// What of all that can be measured is measured.
package struct BenchSelection: Sendable {
    /// The workloads, in the order of the table.
    package let cases: [BenchCase]
    /// The scaling tables.
    package let tables: [ScalingTable]

    /// Without `only`, the usual workloads, with `hasPipeline` the tutorial and with `hasTables` the scaling tables. With `only`,
    /// the named workloads and tables; `decode` names all that begin with `decode-`. Throws `unknownWorkloads`.
    package init(
        only: [String] = [], hasPipeline: Bool = false, hasTables: Bool = false, isQuick: Bool, threads: Int
    ) throws(BenchError) {
        let cases = BenchCase.all(isQuick: isQuick)
        let tables = ScalingTable.all(threads: threads, isQuick: isQuick)
        func isNamed(_ name: String) -> Bool { only.contains { $0 == name || name.hasPrefix($0 + "-") } }
        let names = cases.map(\.name) + tables.map(\.name)
        let unknown = only.filter { word in !names.contains { $0 == word || $0.hasPrefix(word + "-") } }
        guard unknown.isEmpty else { throw .unknownWorkloads(unknown, known: names) }
        self.cases = cases.filter { item in
            isNamed(item.name) || (only.isEmpty && item.isDefault) || (hasPipeline && item.name == "pipeline")
        }
        self.tables = tables.filter { hasTables || isNamed($0.name) }
    }
}
