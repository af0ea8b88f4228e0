public import Display
public import LuaRuntime

/// A piece of what a cell has given.
public enum CellOutput: Sendable {
    /// What it has printed; pieces that follow each other are one.
    case printed(String)
    /// What it has shown on its way.
    case display(DisplayValue)
    /// The values of its last expression.
    case result(DisplayValue)
    /// Why it failed.
    case error(LuaError)
}

/// Keeps what a cell gives, within bounds: a flood is cut, and the cut is told.
struct OutputRecord {
    /// The most bytes of printed text that are kept for one cell.
    static let textLimit = 262_144
    /// The most things shown that are kept for one cell.
    static let displayLimit = 200

    private(set) var outputs: [CellOutput] = []
    private var textBytes = 0
    private var displays = 0
    private var isTextCut = false
    private var isDisplayCut = false
    private var clearsNext = false

    /// Forgets everything, at once or when there is something to put in its place.
    mutating func clear(waits: Bool) {
        if waits { clearsNext = true } else { self = OutputRecord() }
    }

    mutating func append(_ output: CellOutput) {
        if clearsNext { self = OutputRecord() }
        switch output {
        case .printed(let text): print(text)
        case .display, .result:
            displays += 1
            if displays <= Self.displayLimit {
                outputs.append(output)
            } else if !isDisplayCut {
                isDisplayCut = true
                addText("… only the first \(Self.displayLimit) displays of this cell are kept …\n")
            }
        case .error: outputs.append(output)
        }
    }

    private mutating func print(_ text: String) {
        guard !isTextCut, !text.isEmpty else { return }
        let room = Self.textLimit - textBytes
        guard text.utf8.count > room else {
            textBytes += text.utf8.count
            return addText(text)
        }
        isTextCut = true
        addText(
            String(decoding: text.utf8.prefix(room), as: UTF8.self)
                + "\n… only the first \(Self.textLimit >> 10) KiB of this cell's text are kept …\n")
    }

    private mutating func addText(_ text: String) {
        if case .printed(let before)? = outputs.last {
            outputs[outputs.count - 1] = .printed(before + text)
        } else {
            outputs.append(.printed(text))
        }
    }
}
