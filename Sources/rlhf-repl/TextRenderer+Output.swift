import Display
import Foundation
import Terminal

extension TextRenderer {
    /// For what a subcommand writes to standard output. In a pipe nothing is cut: paths are to be copied.
    init(output writer: TerminalWriter) {
        let environment = ProcessInfo.processInfo.environment
        self.init(
            width: writer.isOutputTerminal ? TerminalSize.current().columns : 1000,
            style: Style(choice: .auto, isTerminal: writer.isOutputTerminal, environment: environment))
    }
}
