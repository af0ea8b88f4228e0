internal import LuaRuntime
internal import TrainingAPI

/// What a notebook says of its own accord about the code that runs.
extension Notebook {
    func watchUndefinedGlobals() throws {
        let box = LuaThreadBox(object: self)
        try state.watchUndefinedGlobals { read in box.object?.noteUndefined(read) }
    }

    private func noteUndefined(_ read: UndefinedRead) {
        guard read.name != "_", !told.undefined.contains(read.name), let execution = executions.run(of: read.cell)
        else { return }
        let place = GlobalRead(read, source: execution.source)
        guard place.isSlip else { return }
        told.undefined.insert(read.name)
        let near = nearNames(read.name, in: execution).map { "; did you mean \($0)?" } ?? ""
        view.note(
            view.paint("warning: \(execution.place(place.line)): '\(read.name)' is not defined and gives nil\(near)", .warning)
                + "\n")
    }

    /// `'rate' or 'date'`
    private func nearNames(_ name: String, in execution: Execution) -> String? {
        let known = Set(state.memberNames()).union(GlobalRead.declaredNames(in: execution.source)).union(LuaWords.all)
        return Self.list(NearMatches.of(name, among: known.subtracting([name])))
    }

    private static func list(_ names: [String]) -> String? {
        names.isEmpty ? nil : names.map { "'\($0)'" }.joined(separator: " or ")
    }

    /// The error with what was meant, where it is about a name that is not there.
    func suggesting(_ error: LuaError) -> LuaError {
        guard error.hint == nil, let line = error.line, let execution = executions.run(of: error.cell),
            let match = error.message.firstMatch(of: /a nil value \((global|field|method) '([^']+)'\)/)
        else { return error }
        let name = String(match.2)
        var error = error
        if match.1 == "global" {
            error.hint = nearNames(name, in: execution).map { "nothing is called '\(name)'; did you mean \($0)?" }
        } else {
            let path = ErrorMark(message: error.message, line: line, source: execution.source).path.dropLast()
            guard !path.isEmpty else { return error }
            let owner = path.joined(separator: ".")
            error.hint = Self.list(NearMatches.of(name, among: state.memberNames(of: owner))).map {
                "\(owner) has no '\(name)'; did you mean \($0)?"
            }
        }
        return error
    }

    /// Tells once of each function that has come to mean another variable than later cells do.
    func noteOutdatedCaptures(after execution: Execution) {
        let outdated = state.outdatedCaptures().filter { capture in
            guard !told.captures.contains(capture) else { return false }
            // What a function does to its own variable matters when that is looked at from outside.
            return !capture.isChangedByFunction
                || LuaToken.all(in: execution.source).contains { $0.kind == .name && $0.text == capture.variable }
        }
        told.captures.formUnion(outdated)
        for (variable, captures) in Dictionary(grouping: outdated, by: \.variable).sorted(by: { $0.key < $1.key }) {
            guard let first = captures.first else { continue }
            let functions = captures.map(\.function).sorted().joined(separator: ", ")
            let cell = executions.run(of: first.cell)?.name ?? first.cell
            let verb = captures.count == 1 ? "has" : "have"
            let text =
                first.isChangedByFunction
                ? "\(functions) \(verb) changed the local \(variable) of \(cell), and the session's \(variable) is a copy; "
                    + "without 'local' there they share it"
                : "\(functions) still \(captures.count == 1 ? "uses" : "use") the local \(variable) of \(cell), not the new one; "
                    + "run that cell again, or drop 'local' there"
            view.note(view.paint("hint: \(text)", .hint) + "\n")
        }
    }
}

/// What has been told, so that it is told once.
struct Told {
    var undefined: Set<String> = []
    var captures: Set<OutdatedCapture> = []
    var hasOfferedDebug = false
}

/// Words that are no names of variables but are often misspelt as ones.
private enum LuaWords {
    static let all: Set<String> = ["true", "false", "nil"]
}
