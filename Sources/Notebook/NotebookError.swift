public import LuaRuntime
import TrainingAPI

/// What can go wrong around cells, as data; the text is made in `message`.
public enum NotebookError: UserFacingError, Equatable {
    case scriptNotFound(path: String)
    case scriptUnreadable(path: String, reason: String)
    case cellSelection(String)
    case noSuchCell(number: Int, count: Int)
    case noSuchTitle(String, titles: [String])
    case noScript(command: String)
    case unknownCommand(String, known: [String])
    case commandUsage(String, usage: String)
    case badSetting(String)
    case unknownSetting([String], known: [String])
    case settingType(name: String, value: String, expected: String)
    case fileNotWritten(path: String, reason: String)
    case exportFormat(path: String)
    case notAttached(path: String, reason: String)
}

extension NotebookError {
    /// Whose fault it was, as Lua's `err.kind` shows it.
    public var kind: String {
        switch self {
        case .scriptNotFound, .scriptUnreadable, .fileNotWritten, .notAttached: "io"
        default: "usage"
        }
    }

    /// What the user can do, if there is something to say.
    public var hint: String? {
        switch self {
        case .scriptNotFound(let path):
            path.hasSuffix(".lua") || path.hasSuffix(".ipynb") ? nil : "scripts end in .lua, notebooks in .ipynb"
        case .cellSelection: "write cells as 3, 1,3-5, 2- or all"
        case .noSuchTitle(let title, let titles):
            near(title, titles) ?? (titles.isEmpty ? nil : "%cells lists the titles")
        case .noScript: "%reload FILE opens one"
        case .unknownCommand(let name, let known):
            near(name, known, prefix: "%") ?? "%help lists the commands"
        case .commandUsage(_, let usage): "usage: \(usage)"
        case .exportFormat: "notebooks end in .ipynb, pages in .html, Markdown in .md"
        case .notAttached: "%attach PATH listens at another place"
        case .badSetting: "write it as --set NAME=VALUE"
        case .unknownSetting(let names, let known):
            names.first.flatMap { near($0, known) }
                ?? (known.isEmpty
                    ? "the script declares no parameters (rlhf.params)"
                    : "parameters: " + known.joined(separator: ", "))
        default: nil
        }
    }
}

extension NotebookError: CustomStringConvertible {
    private func near(_ name: String, _ known: [String], prefix: String = "") -> String? {
        let names = NearMatches.of(name, among: known)
        return names.isEmpty ? nil : "did you mean " + names.map { "'\(prefix)\($0)'" }.joined(separator: " or ") + "?"
    }

    /// The same as `message`.
    public var description: String { message }

    /// What was wrong.
    public var message: String {
        switch self {
        case .scriptNotFound(let path): "there is no script '\(path)'"
        case .scriptUnreadable(let path, let reason): "cannot read the script '\(path)': \(reason)"
        case .cellSelection(let text): "'\(text)' names no cells"
        case .noSuchCell(let number, let count):
            "there is no cell \(number): the script has \(count) code \(count == 1 ? "cell" : "cells")"
        case .noSuchTitle(let title, _): "no cell is titled '\(title)'"
        case .noScript(let command): "\(command) needs a script, and none is open"
        case .unknownCommand(let name, _): "there is no command %\(name)"
        case .commandUsage(let message, _): message
        case .badSetting(let text): "'\(text)' is no setting"
        case .unknownSetting(let names, _):
            "unknown \(names.count == 1 ? "parameter" : "parameters") "
                + names.map { "'\($0)'" }.joined(separator: ", ")
        case .settingType(let name, let value, let expected): "--set \(name)=\(value): \(name) is \(expected)"
        case .exportFormat(let path): "'\(path)' has no ending that says what to write"
        case .notAttached(let path, let reason): "cannot listen for cells at '\(path)': \(reason)"
        case .fileNotWritten(let path, let reason): "cannot write '\(path)': \(reason)"
        }
    }
}
