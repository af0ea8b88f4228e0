/// What a plot of pixels stands on: its colour decides which inks can be read.
public struct PlotGround: Sendable, Equatable {
    /// Red, green and blue, eight bits each.
    public let color: UInt32

    /// A ground of a colour.
    public init(color: UInt32) { self.color = color }

    /// White, as for files.
    public static let white = PlotGround(color: 0xFFFFFF)

    /// Whether light inks can be read on it better than dark ones.
    public var isDark: Bool { 0.299 * channel(16) + 0.587 * channel(8) + 0.114 * channel(0) < 128 }

    /// The colours of series on a dark ground, in the order of `Plot.seriesColors`.
    private static let darkSeriesColors: [UInt32] = [0x56B4E9, 0xF0A130, 0x2FC59B, 0xE48CC0, 0xF07F3C, 0x8CC8F0]

    func color(_ ink: PlotScene.Ink) -> UInt32 {
        guard isDark else { return ink.color }
        return switch ink {
        case .text: 0xE6EDF3
        case .faintText: 0x9AA3AD
        case .grid: blended(with: 0xFFFFFF, 0.16)
        case .series(let index, _): Self.darkSeriesColors[index % Self.darkSeriesColors.count]
        }
    }

    private func channel(_ shift: UInt32) -> Double { Double(color >> shift & 0xFF) }

    private func blended(with other: UInt32, _ amount: Double) -> UInt32 {
        [UInt32(16), 8, 0].reduce(0) { sum, shift in
            let value = channel(shift) + (Double(other >> shift & 0xFF) - channel(shift)) * amount
            return sum | UInt32(value.rounded()) << shift
        }
    }
}
