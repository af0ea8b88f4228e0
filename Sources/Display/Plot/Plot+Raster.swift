extension Plot {
    /// The plot in pixels. At `scale` 2 each pixel of the SVG is four, for screens of high density.
    public func raster(width: Int = 640, height: Int = 400, scale: Int = 2, ground: PlotGround = .white) -> Raster {
        let scene = PlotScene(self, width: Double(width), height: Double(height))
        var raster = Raster(width: width * scale, height: height * scale, color: ground.color)
        let factor = Double(scale)
        func scaled(_ point: PlotScene.Point) -> PlotScene.Point { (point.x * factor, point.y * factor) }
        for shape in scene.shapes {
            switch shape {
            case .polyline(let points, let ink, let width):
                raster.draw(
                    [points.map(scaled)], thickness: width * factor, color: ground.color(ink), opacity: ink.isFaint ? 0.3 : 1)
            case .dot(let place, let radius, let ink, _):
                raster.draw([[scaled(place)]], thickness: radius * 2 * factor, color: ground.color(ink))
            case .box(let place, let width, let height, let ink, let opacity, _):
                raster.fill(scaled(place), width: width * factor, height: height * factor, color: ground.color(ink), opacity: opacity)
            case .text(let place, let text, let size, let ink, let anchor, let isBold):
                let length = StrokeFont.width(text, size: size)
                let left = place.x - (anchor == .start ? 0 : anchor == .middle ? length / 2 : length)
                let strokes = StrokeFont.strokes(text, size: size).map { stroke in
                    stroke.map { scaled((left + $0.x, place.y + $0.y)) }
                }
                raster.draw(strokes, thickness: size * factor * (isBold ? 0.125 : 0.09), color: ground.color(ink))
            }
        }
        return raster
    }
}
