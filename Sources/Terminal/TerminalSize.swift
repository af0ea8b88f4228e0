internal import Foundation

/// The size of the terminal in characters.
public struct TerminalSize: Sendable, Equatable {
    /// Characters in a line.
    public let columns: Int
    /// Lines on the screen.
    public let rows: Int
    /// How many pixels a character is wide; nil where the terminal does not tell.
    public var cellWidth: Int?

    /// The size of a terminal, `COLUMNS` and `LINES` where it does not tell, else 80 by 24.
    public static func current() -> TerminalSize {
        let environment = ProcessInfo.processInfo.environment
        var size = winsize()
        for descriptor: Int32 in [1, 2, 0] {
            if unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
                return TerminalSize(
                    columns: Int(size.ws_col), rows: max(2, Int(size.ws_row)),
                    cellWidth: size.ws_xpixel > 0 ? Int(size.ws_xpixel / size.ws_col) : nil)
            }
        }
        return TerminalSize(
            columns: environment["COLUMNS"].flatMap { Int($0) }.map { max(20, $0) } ?? 80,
            rows: environment["LINES"].flatMap { Int($0) }.map { max(2, $0) } ?? 24)
    }
}
