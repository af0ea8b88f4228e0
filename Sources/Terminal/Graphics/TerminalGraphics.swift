public import Display
internal import Foundation
internal import Synchronization

/// How a terminal shows pictures, if it can, and on what ground.
public struct TerminalGraphics: Sendable, Equatable {
    /// A way to show pictures.
    public enum Way: Sendable {
        /// Only characters.
        case none
        /// The protocol of kitty, which takes PNG files.
        case kitty
        /// DEC's sixels.
        case sixel
    }

    /// How pictures are shown.
    public let way: Way
    /// What is behind the text.
    public let ground: PlotGround

    /// A way to show pictures, on a ground.
    public init(_ way: Way, ground: PlotGround = .white) { (self.way, self.ground) = (way, ground) }

    private static let known = Mutex<TerminalGraphics?>(nil)

    /// What the terminal on standard input and output can show. It is asked once, and not at all where it is known to be of no
    /// use: inside of tmux and screen pictures do not survive. Keys that come while it answers go back to the line editor.
    public static func current(environment: [String: String], typeAhead: ([UInt8]) -> Void) -> TerminalGraphics {
        known.withLock { known in
            if let known { return known }
            let answer = mayAsk(environment) ? ask(environment, typeAhead) : TerminalGraphics(.none)
            known = answer
            return answer
        }
    }

    private static func mayAsk(_ environment: [String: String]) -> Bool {
        let term = environment["TERM"] ?? ""
        guard isatty(0) == 1, isatty(1) == 1, (environment["TMUX"] ?? "").isEmpty else { return false }
        return !term.isEmpty && !["dumb", "linux", "screen", "tmux", "vt1", "vt2"].contains { term.hasPrefix($0) }
    }

    /// Asks for the ground's colour and kitty's pictures, then for the device's attributes, which every terminal answers.
    private static func ask(_ environment: [String: String], _ typeAhead: ([UInt8]) -> Void) -> TerminalGraphics {
        guard let terminal = RawTerminal(keepsSignals: true) else { return TerminalGraphics(.none) }
        defer { terminal.close() }
        FileHandle.standardOutput.write(Data("\u{1B}]11;?\u{1B}\\\u{1B}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\u{1B}\\\u{1B}[c".utf8))
        var reply = TerminalReply()
        let deadline = Date().addingTimeInterval(0.1)
        while !reply.isComplete {
            let rest = Int32((deadline.timeIntervalSinceNow * 1000).rounded(.up))
            guard rest > 0, let bytes = terminal.read(within: rest) else { break }
            reply.append(bytes)
        }
        if !reply.others.isEmpty { typeAhead(reply.others) }
        return TerminalGraphics(reply.way, ground: reply.ground ?? ground(environment["COLORFGBG"]) ?? .white)
    }

    /// The ground by the variable that some terminals set, `15;0`: of its last number's sixteen colours, those of the lower half
    /// but light grey are dark.
    package static func ground(_ variable: String?) -> PlotGround? {
        guard let number = variable?.split(separator: ";").last.flatMap({ Int($0) }) else { return nil }
        return PlotGround(color: (0...6).contains(number) || number == 8 ? 0x000000 : 0xFFFFFF)
    }

    /// The control sequence that shows a plot about as wide as its characters would be; nil where only characters can be shown.
    public func sequence(for plot: Plot, in size: TerminalSize) -> String? {
        let columns = min(size.columns, plot.screen.columns)
        switch way {
        case .none: return nil
        case .kitty: return Self.kitty(plot.raster(ground: ground).png, columns: columns)
        case .sixel:
            // Characters are seldom narrower, and what is too wide would be cut off.
            let cell = max(4, size.cellWidth ?? 8)
            let scale = cell < 14 ? 1 : 2
            let width = columns * cell / scale
            return SixelImage.text(plot.raster(width: width, height: width * 5 / 8, scale: scale, ground: ground))
        }
    }

    /// A PNG in pieces of at most 4096 characters; the terminal does not answer.
    package static func kitty(_ png: [UInt8], columns: Int) -> String {
        var rest = Data(png).base64EncodedString()[...]
        var text = ""
        var isFirst = true
        while !rest.isEmpty {
            let piece = rest.prefix(4096)
            rest = rest.dropFirst(4096)
            let control = isFirst ? "a=T,f=100,q=2,c=\(columns)," : ""
            text += "\u{1B}_G\(control)m=\(rest.isEmpty ? 0 : 1);\(piece)\u{1B}\\"
            isFirst = false
        }
        return text
    }
}

/// Tells a terminal's replies from keys that were pressed at the same time.
package struct TerminalReply {
    private var pending: [UInt8] = []
    private var hasKitty = false
    private var attributes: [Int]?
    /// What is no reply.
    package private(set) var others: [UInt8] = []

    /// Nothing yet.
    package init() {}

    /// Whether the reply has come that every terminal gives.
    package var isComplete: Bool { attributes != nil }

    /// What the replies so far promise.
    package var way: TerminalGraphics.Way { hasKitty ? .kitty : attributes?.contains(4) == true ? .sixel : .none }

    /// The colour behind the text, if the terminal has told it.
    package private(set) var ground: PlotGround?

    /// Takes what has been read; it may end anywhere.
    package mutating func append(_ bytes: [UInt8]) {
        pending += bytes
        while let first = pending.first {
            guard first == 0x1B else {
                others.append(pending.removeFirst())
                continue
            }
            guard let length = Self.length(pending) else { return }
            take(String(decoding: pending.prefix(length), as: UTF8.self))
            pending.removeFirst(length)
        }
    }

    private mutating func take(_ sequence: String) {
        if sequence.hasPrefix("\u{1B}_G") {
            hasKitty = hasKitty || sequence.contains(";OK")
        } else if sequence.hasPrefix("\u{1B}[?"), sequence.hasSuffix("c") {
            attributes = sequence.dropFirst(3).dropLast().split(separator: ";").compactMap { Int($0) }
        } else if sequence.hasPrefix("\u{1B}]11;") {
            ground = Self.ground(sequence.dropFirst(5)) ?? ground
        } else {
            others += sequence.utf8
        }
    }

    /// The colour of `rgb:1e1e/1e1e/2e2e`, in one to four hexadecimal digits for each channel.
    private static func ground(_ text: Substring) -> PlotGround? {
        guard let match = text.firstMatch(of: /rgba?:([0-9a-fA-F]{1,4})\/([0-9a-fA-F]{1,4})\/([0-9a-fA-F]{1,4})/) else { return nil }
        let channels = [match.1, match.2, match.3].map { digits in
            UInt32((Double(Int(digits, radix: 16) ?? 0) * 255 / Double((1 << (4 * digits.count)) - 1)).rounded())
        }
        return PlotGround(color: channels[0] << 16 | channels[1] << 8 | channels[2])
    }

    /// How many bytes the sequence at the start has; nil while it is not whole.
    private static func length(_ bytes: [UInt8]) -> Int? {
        guard bytes.count > 1 else { return nil }
        switch bytes[1] {
        case UInt8(ascii: "]"):
            return bytes.indices.dropFirst(2).first {
                bytes[$0] == 0x07 || (bytes[$0] == UInt8(ascii: "\\") && bytes[$0 - 1] == 0x1B)
            }.map { $0 + 1 }
        case UInt8(ascii: "_"):
            return bytes.indices.dropFirst(3).first { bytes[$0 - 1] == 0x1B && bytes[$0] == UInt8(ascii: "\\") }.map { $0 + 1 }
        case UInt8(ascii: "["):
            return bytes.indices.dropFirst(2).first { (0x40...0x7E).contains(bytes[$0]) }.map { $0 + 1 }
        default: return 2
        }
    }
}
