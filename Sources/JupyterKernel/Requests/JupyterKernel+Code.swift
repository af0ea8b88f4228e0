internal import JSON
internal import Notebook

/// What clients ask about code that does not run.
extension JupyterKernel {
    /// Whether code can run as it is, for consoles that decide on a new line.
    func completeness(_ request: KernelMessage) -> JSONValue {
        let code = request.text("code")
        if notebook.isIncomplete(code) { return ["status": "incomplete", "indent": .string(Self.indent(after: code))] }
        return ["status": notebook.isValid(code) ? "complete" : "invalid"]
    }

    /// The indentation of the line after a piece of code: deeper after what opens a block.
    static func indent(after code: String) -> String {
        let line = code.split(separator: "\n").last ?? ""
        let indent = String(line.prefix { $0 == " " || $0 == "\t" })
        let opens = line.firstMatch(of: /(\b(then|do|else|repeat)|\bfunction\b[^()]*\([^()]*\)|[({])\s*$/) != nil
        return opens ? indent + "    " : indent
    }

    /// What goes on from the cursor.
    func completions(_ request: KernelMessage) -> JSONValue {
        let scalars = request.text("code").unicodeScalars
        let cursor = min(max(0, request.integer("cursor_pos") ?? scalars.count), scalars.count)
        let list = notebook.complete(String(String.UnicodeScalarView(scalars.prefix(cursor))))
        let start = JSONValue.number(JSONValue.Number(cursor - list.word.unicodeScalars.count))
        let end = JSONValue.number(JSONValue.Number(cursor))
        let types = list.candidates.map { candidate -> JSONValue in
            let kind = ["(", "{"].contains(candidate.suffix) ? "function" : candidate.suffix.hasSuffix("= ") ? "param" : "text"
            return [
                "text": .string(candidate.text), "type": .string(kind), "start": start, "end": end,
                "signature": .string(candidate.detail),
            ]
        }
        return [
            "status": "ok", "matches": .array(list.candidates.map { .string($0.text) }), "cursor_start": start,
            "cursor_end": end, "metadata": ["_jupyter_types_experimental": .array(types)],
        ]
    }

    /// What there is to know about the name at the cursor, or about the call around it.
    func inspection(_ request: KernelMessage) -> JSONValue {
        let scalars = request.text("code").unicodeScalars
        let cursor = min(max(0, request.integer("cursor_pos") ?? scalars.count), scalars.count)
        func isName(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isAlphabetic || "0123456789_.:".unicodeScalars.contains(scalar)
        }
        let before = String.UnicodeScalarView(scalars.prefix(cursor))
        let left = before.reversed().prefix(while: isName).reversed()
        // Up to the end of the part that the cursor is in: of rlhf.rl.train those before it, too.
        let right = scalars.dropFirst(cursor).prefix { isName($0) && $0 != "." && $0 != ":" }
        let name = String(String.UnicodeScalarView(left + right))
        guard let text = notebook.inspect(name, in: String(before)) else {
            return ["status": "ok", "found": false, "data": [:], "metadata": [:]]
        }
        return ["status": "ok", "found": true, "data": ["text/plain": .string(text)], "metadata": [:]]
    }
}
