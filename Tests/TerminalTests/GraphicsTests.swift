import Display
import Foundation
import Terminal
import Testing

struct GraphicsTests {
    private func reply(_ pieces: String...) -> TerminalReply {
        var reply = TerminalReply()
        for piece in pieces { reply.append(Array(piece.utf8)) }
        return reply
    }

    @Test("a terminal's replies tell kitty, sixel and neither apart, in whatever pieces they come")
    func replies() {
        #expect(reply("\u{1B}_Gi=31;OK\u{1B}\\\u{1B}[?62;c").way == .kitty)
        #expect(reply("\u{1B}_Gi=3", "1;OK\u{1B}", "\\\u{1B}[?6", "2c").way == .kitty)
        #expect(reply("\u{1B}_Gi=31;EINVAL\u{1B}\\\u{1B}[?62;4;6c").way == .sixel)
        #expect(reply("\u{1B}[?1;2c").way == .none)
        #expect(reply("\u{1B}[?1;2c").isComplete && !reply("\u{1B}[?1;2").isComplete)
    }

    @Test("the ground is told by the terminal, else by COLORFGBG")
    func ground() {
        #expect(reply("\u{1B}]11;rgb:1e1e/2020/ffff\u{1B}\\\u{1B}[?62c").ground == PlotGround(color: 0x1E20FF))
        #expect(reply("\u{1B}]11;rgb:f/8/0\u{7}", "\u{1B}[?62c").ground == PlotGround(color: 0xFF8800))
        #expect(reply("\u{1B}]11;what\u{7}\u{1B}[?62c").ground == nil)
        #expect(TerminalGraphics.ground("15;0")?.isDark == true && TerminalGraphics.ground("0;default;15")?.isDark == false)
        #expect(TerminalGraphics.ground(nil) == nil && TerminalGraphics.ground("0;default") == nil)
    }

    @Test("on a dark ground a picture has that ground and light inks")
    func dark() {
        let ground = PlotGround(color: 0x1E1E2E)
        let pixels = Plot(series: [.init("a", y: [1, 3, 2])], title: "Title").raster(width: 120, height: 60, scale: 1, ground: ground)
            .pixels
        #expect(Array(pixels[..<3]) == [0x1E, 0x1E, 0x2E])
        #expect(stride(from: 0, to: pixels.count, by: 3).contains { pixels[$0] > 200 && pixels[$0 + 1] > 200 })
        #expect(stride(from: 0, to: pixels.count, by: 3).allSatisfy { Int(pixels[$0]) + Int(pixels[$0 + 1]) >= 0x3C })
    }

    @Test("keys that are pressed while the terminal answers are no part of the answer")
    func typeAhead() {
        let reply = reply("a\u{1B}[A\u{1B}[?62;4cb")
        #expect(reply.way == .sixel)
        #expect(reply.others == Array("a\u{1B}[Ab".utf8))
    }

    @Test("kitty gets a PNG in pieces of at most 4096 characters, the last one marked")
    func kitty() {
        let pieces = TerminalGraphics.kitty([UInt8](repeating: 7, count: 5000), columns: 72).components(separatedBy: "\u{1B}\\")
        #expect(pieces.count == 3 && pieces[2].isEmpty)
        #expect(pieces[0].hasPrefix("\u{1B}_Ga=T,f=100,q=2,c=72,m=1;") && pieces[1].hasPrefix("\u{1B}_Gm=0;"))
        #expect(pieces[0].split(separator: ";")[1].count == 4096)
    }

    @Test("sixels name at most 256 colours and repeat what repeats")
    func sixel() {
        let text = SixelImage.text(Plot(series: [.init("a", y: [1, 3, 2])], title: "Title").raster(width: 120, height: 60, scale: 1))
        #expect(text.hasPrefix("\u{1B}Pq\"1;1;120;60#0;2;100;100;100") && text.hasSuffix("\u{1B}\\"))
        #expect(text.components(separatedBy: ";2;").count <= 257)
        #expect(text.components(separatedBy: "-").count == 11)
        #expect(text.contains("#0!120~"))
    }
}
