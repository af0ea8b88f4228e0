import Foundation

/// The manual page in troff's man macros, from what the argument parser tells of a command.
struct ManualPage {
    /// The parser's description in JSON, as far as it is needed.
    private struct Dump: Decodable {
        struct Command: Decodable {
            let commandName: String
            let abstract: String?
            let discussion: String?
            let subcommands: [Command]?
            let arguments: [Argument]?
        }

        struct Argument: Decodable {
            struct Name: Decodable {
                let kind: String
                let name: String
                var text: String { (kind == "long" ? "--" : "-") + name }
            }

            let kind: String
            let shouldDisplay: Bool
            let isOptional: Bool
            let isRepeating: Bool
            let names: [Name]?
            let valueName: String?
            let defaultValue: String?
            let abstract: String?
        }

        let command: Command
    }

    private let command: Dump.Command

    /// Nil when the dump is of another form than this version of the parser writes.
    init?(_ dump: String) {
        guard let dump = try? JSONDecoder().decode(Dump.self, from: Data(dump.utf8)) else { return nil }
        command = dump.command
    }

    /// The page.
    var text: String {
        var lines = [
            ".TH RLHF\\-REPL 1 \"\" \"rlhf\\-repl \(ReplCommand.version)\" \"User commands\"", ".SH NAME",
            "rlhf\\-repl \\- \(Self.escaped(command.abstract ?? ""))", ".SH SYNOPSIS",
        ]
        lines += synopsis(command, name: "rlhf-repl")
        for subcommand in subcommands { lines += [".br"] + synopsis(subcommand, name: "rlhf-repl \(subcommand.commandName)") }
        lines += [".SH DESCRIPTION", Self.escaped(command.discussion ?? ""), ".SH OPTIONS"] + options(command)
        lines += [".SH SUBCOMMANDS"]
        for subcommand in subcommands {
            lines += [".SS rlhf\\-repl \(Self.escaped(subcommand.commandName))", Self.escaped(subcommand.abstract ?? "")]
            if let discussion = subcommand.discussion { lines += [".PP", Self.escaped(discussion)] }
            lines += options(subcommand)
        }
        lines += [
            ".SH ENVIRONMENT", ".TP", ".B NO_COLOR", "No colours, unless \\-\\-color says otherwise.", ".TP", ".B EDITOR, VISUAL",
            "What %edit opens.", ".TP", ".B TINKER_BASE_URL, TINKER_API_KEY", "For remote services.", ".TP",
            ".B XDG_RUNTIME_DIR, XDG_STATE_HOME, XDG_DATA_HOME", "Where sockets, history and transcripts, and checkpoints are kept.",
            ".SH EXIT STATUS", "0, or 1 when a cell fails; 64 for a wrong command line.",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private var subcommands: [Dump.Command] { (command.subcommands ?? []).filter { $0.commandName != "help" } }

    private func shown(_ command: Dump.Command) -> [Dump.Argument] { (command.arguments ?? []).filter(\.shouldDisplay) }

    private func synopsis(_ command: Dump.Command, name: String) -> [String] {
        let positionals = shown(command).filter { $0.kind == "positional" }.map { argument in
            let value = "\\fI\(Self.escaped(argument.valueName ?? ""))\\fR" + (argument.isRepeating ? " ..." : "")
            return argument.isOptional ? "[\(value)]" : value
        }
        return ["\\fB\(Self.escaped(name))\\fR [\\fIoptions\\fR] " + positionals.joined(separator: " ")]
    }

    private func options(_ command: Dump.Command) -> [String] {
        shown(command).flatMap { argument in
            let names = (argument.names ?? []).map { "\\fB\(Self.escaped($0.text))\\fR" }.joined(separator: ", ")
            let value = argument.kind == "flag" ? "" : "\\fI\(Self.escaped(argument.valueName ?? ""))\\fR"
            let head = [names, value].filter { !$0.isEmpty }.joined(separator: " ")
            let fallback = argument.defaultValue.map { " (default: \($0))" } ?? ""
            return [".TP", head, Self.escaped((argument.abstract ?? "") + fallback)]
        }
    }

    private static func escaped(_ text: String) -> String {
        let text = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        // A point or a quote at a line's start would be a request.
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.first == "." || line.first == "'" ? "\\&" + line : String(line)
        }.joined(separator: "\n")
    }
}
