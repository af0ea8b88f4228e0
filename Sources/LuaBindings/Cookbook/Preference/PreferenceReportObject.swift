import Cookbook
import LuaRuntime

/// How a preference model did on labelled comparisons, as Lua holds it.
final class PreferenceReportObject: LuaObject {
    static let luaType = "PreferenceReport"
    let report: PreferenceReport

    init(_ report: PreferenceReport) { self.report = report }
}

extension PreferenceReportObject {
    private static func figure(
        _ name: String, _ doc: String, _ returns: String = "number", read: @escaping @Sendable (PreferenceReport) -> LuaValue
    ) -> FunctionBinding {
        FunctionBinding(name, doc: doc, returns: returns) {
            .value(read(try $0.object(0, as: PreferenceReportObject.self).report))
        }
    }

    /// The type in Lua.
    static let binding = TypeBinding(
        name: luaType, doc: "How a preference model did on labelled comparisons, each asked in both orders.",
        properties: [
            figure("count", "The comparisons with a winner.", "integer") { .integer($0.count) },
            figure("ties", "The comparisons labelled as ties, which count for nothing else.", "integer") {
                .integer($0.ties)
            },
            figure("accuracy", "The share of right answers over both orders.") { .number($0.accuracy) },
            figure("both_order_accuracy", "The share of right answers after averaging the two orders.") {
                .number($0.bothOrderAccuracy)
            },
            figure("order_agreement", "The share of comparisons where both orders name the same reply.") {
                .number($0.orderAgreement)
            },
            figure("position_bias", "How much more often the first reply shown wins than the second, in [-1, 1].") {
                .number($0.positionBias)
            },
            figure("calibration_error", "The expected calibration error of the averaged answer, ten bins.") {
                .number($0.calibrationError)
            },
            figure("bins", "The calibration by range of confidence.", "{lowest, highest, count, confidence, accuracy}[]") {
                LuaValue(list: $0.bins.map { LuaValue($0) })
            },
            figure("by_category", "`both_order_accuracy` by the rows' category.", "{[name] = number}") {
                LuaValue(metrics: $0.byCategory)
            },
        ],
        operators: [
            FunctionBinding("__tostring", doc: "Shows the figures, one kind of them to a line.") {
                .value(.string(try $0.object(0, as: PreferenceReportObject.self).report.description))
            }
        ])
}

extension LuaValue {
    /// A range of confidences.
    fileprivate init(_ bin: PreferenceReport.Bin) {
        self = .table([
            "lowest": .number(bin.lowest), "highest": .number(bin.highest), "count": .integer(bin.count),
            "confidence": .number(bin.confidence), "accuracy": .number(bin.accuracy),
        ])
    }
}
