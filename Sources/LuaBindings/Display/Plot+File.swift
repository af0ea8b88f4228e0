public import Display
import Foundation
import LuaRuntime

extension Plot {
    /// Writes the plot into a picture file, `.svg` or `.png`. Throws `io` and `usage`.
    public func writeFile(_ path: String) throws {
        let data: Data
        switch URL(filePath: path).pathExtension.lowercased() {
        case "svg": data = Data(svg().utf8)
        case "png": data = Data(raster().png)
        default: throw LuaError.usage("plot: a picture's file ends in .svg or .png, got '\(path)'")
        }
        do {
            try data.write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw LuaError(kind: "io", message: "plot: cannot write '\(path)': \(error.localizedDescription)")
        }
    }
}
