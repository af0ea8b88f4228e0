public import Display
import Foundation
import LuaRuntime

extension Plot {
    /// Writes the plot into a picture file, whose ending says of which kind. Throws `io` and `usage`.
    public func writeFile(_ path: String) throws {
        guard path.hasSuffix(".svg") else {
            throw LuaError.usage("a plot's file ends in .svg, got '\(path)'")
        }
        do {
            try writeSVG(to: URL(filePath: path))
        } catch {
            throw LuaError(kind: "io", message: "plot: cannot write '\(path)': \(error.localizedDescription)")
        }
    }
}
