package import Display

/// A picture as DEC sixels: bands of six rows, painted colour by colour.
package enum SixelImage {
    /// The control sequence. Terminals have 256 colours, so channels are rounded until no more are left.
    package static func text(_ raster: Raster) -> String {
        var text = "\u{1B}Pq\"1;1;\(raster.width);\(raster.height)"
        let (colors, palette) =
            [31, 15, 7, 5].lazy.map { quantized(raster, levels: $0) }.first { $0.palette.count <= 256 }
            ?? quantized(raster, levels: 5)
        for (index, color) in palette.enumerated() {
            text += "#\(index);2;\(color.map { String(Int($0 * 100 / 255)) }.joined(separator: ";"))"
        }
        for top in stride(from: 0, to: raster.height, by: 6) {
            let rows = colors[top..<min(top + 6, raster.height)]
            let bands = Set(rows.joined()).sorted().map { color in
                "#\(color)"
                    + runs(
                        (0..<raster.width).map { x in
                            rows.enumerated().reduce(UInt8(0)) { $0 | ($1.element[x] == color ? 1 << $1.offset : 0) }
                        })
            }
            text += bands.joined(separator: "$") + "-"
        }
        return text + "\u{1B}\\"
    }

    /// The number of each pixel's colour, row by row, and the colours' channels from 0 to 255.
    private static func quantized(_ raster: Raster, levels: Int) -> (rows: [[Int]], palette: [[Double]]) {
        var numbers: [Int: Int] = [:]
        var palette: [[Double]] = []
        let pixels = raster.pixels
        let rows = (0..<raster.height).map { y in
            (0..<raster.width).map { x -> Int in
                let place = (y * raster.width + x) * 3
                let steps = (0..<3).map { (Int(pixels[place + $0]) * levels + 127) / 255 }
                let key = (steps[0] << 10) | (steps[1] << 5) | steps[2]
                if let number = numbers[key] { return number }
                numbers[key] = palette.count
                palette.append(steps.map { Double($0 * 255) / Double(levels) })
                return palette.count - 1
            }
        }
        return (rows, palette)
    }

    private static func runs(_ sixels: [UInt8]) -> String {
        var text = ""
        var start = 0
        while start < sixels.count {
            var end = start + 1
            while end < sixels.count, sixels[end] == sixels[start] { end += 1 }
            let character = Character(Unicode.Scalar(63 + sixels[start]))
            text += end - start > 3 ? "!\(end - start)\(character)" : String(repeating: character, count: end - start)
            start = end
        }
        return text
    }
}
