/// A picture of pixels on which shapes are drawn with smooth edges.
public struct Raster: Sendable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// Red, green and blue of each pixel, row by row.
    public private(set) var pixels: [UInt8]

    typealias Point = (x: Double, y: Double)

    /// Pixels of one colour.
    init(width: Int, height: Int, color: UInt32) {
        (self.width, self.height) = (width, height)
        let pixel = [16, 8, 0].map { UInt8(color >> $0 & 0xFF) }
        pixels = (0..<width * height * 3).map { pixel[$0 % 3] }
    }

    /// Draws joined lines as one shape, so that their joints are no darker than the rest.
    mutating func draw(_ strokes: [[Point]], thickness: Double, color: UInt32, opacity: Double = 1) {
        let reach = thickness / 2 + 1
        let segments = strokes.flatMap { stroke in
            stroke.count == 1 ? [(stroke[0], stroke[0])] : Array(zip(stroke, stroke.dropFirst()))
        }
        let all = strokes.joined()
        guard let left = all.map(\.x).min(), let right = all.map(\.x).max(), let top = all.map(\.y).min(),
            let bottom = all.map(\.y).max(),
            let box = box(left - reach, top - reach, right + reach, bottom + reach)
        else { return }
        var coverage = [Double](repeating: 0, count: box.x.count * box.y.count)
        for (from, to) in segments {
            guard
                let near = self.box(
                    min(from.x, to.x) - reach, min(from.y, to.y) - reach, max(from.x, to.x) + reach, max(from.y, to.y) + reach)
            else { continue }
            for y in near.y {
                for x in near.x {
                    let amount = thickness / 2 + 0.5 - Self.distance((Double(x) + 0.5, Double(y) + 0.5), from, to)
                    let index = (y - box.y.lowerBound) * box.x.count + x - box.x.lowerBound
                    if amount > coverage[index] { coverage[index] = min(1, amount) }
                }
            }
        }
        for y in box.y {
            for x in box.x {
                let amount = coverage[(y - box.y.lowerBound) * box.x.count + x - box.x.lowerBound]
                if amount > 0 { blend(x, y, color, amount * opacity) }
            }
        }
    }

    /// Fills a rectangle, its edges by the part of a pixel that they cover.
    mutating func fill(_ origin: Point, width: Double, height: Double, color: UInt32, opacity: Double) {
        let (right, bottom) = (origin.x + width, origin.y + height)
        guard let box = box(origin.x, origin.y, right, bottom) else { return }
        for y in box.y {
            let rows = min(bottom, Double(y + 1)) - max(origin.y, Double(y))
            for x in box.x {
                let columns = min(right, Double(x + 1)) - max(origin.x, Double(x))
                if rows > 0, columns > 0 { blend(x, y, color, rows * columns * opacity) }
            }
        }
    }

    private func box(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) -> (x: Range<Int>, y: Range<Int>)? {
        guard left.isFinite, right.isFinite, top.isFinite, bottom.isFinite else { return nil }
        let x = max(0, min(Double(width), left.rounded(.down)))..<max(0, min(Double(width), right.rounded(.up)))
        let y = max(0, min(Double(height), top.rounded(.down)))..<max(0, min(Double(height), bottom.rounded(.up)))
        guard !x.isEmpty, !y.isEmpty else { return nil }
        return (Int(x.lowerBound)..<Int(x.upperBound), Int(y.lowerBound)..<Int(y.upperBound))
    }

    private static func distance(_ point: Point, _ from: Point, _ to: Point) -> Double {
        let (dx, dy) = (to.x - from.x, to.y - from.y)
        let length = dx * dx + dy * dy
        let along = length == 0 ? 0 : max(0, min(1, ((point.x - from.x) * dx + (point.y - from.y) * dy) / length))
        let (x, y) = (point.x - from.x - along * dx, point.y - from.y - along * dy)
        return (x * x + y * y).squareRoot()
    }

    private mutating func blend(_ x: Int, _ y: Int, _ color: UInt32, _ amount: Double) {
        let index = (y * width + x) * 3
        for (channel, shift) in [UInt32(16), 8, 0].enumerated() {
            let value = Double(color >> shift & 0xFF)
            let old = Double(pixels[index + channel])
            pixels[index + channel] = UInt8(max(0, min(255, (old + (value - old) * amount).rounded())))
        }
    }
}
