import LuaRuntime

/// The registry as a page to read: tables of functions, then types, each entry with its signature, parameters and example.
struct ReferencePage {
    /// A function, method, property or constant.
    struct Entry {
        var name: String
        var signature: String
        var doc: String
        var parameters: [ParameterDoc] = []
        var example = ""
    }

    /// A table of functions, or a type.
    struct Section {
        var title: String
        var doc: String
        var entries: [Entry]
    }

    var sections: [Section]

    init(_ registry: Registry) {
        let modules = registry.modulePaths
        func owner(_ path: String) -> String {
            path.split(separator: ".").dropLast().joined(separator: ".")
        }
        func entry(_ binding: FunctionBinding, _ name: String) -> Entry {
            Entry(
                name: name, signature: registry.signature(binding, name: name), doc: binding.doc,
                parameters: binding.parameters, example: binding.example)
        }
        func section(_ path: String, _ title: String, _ doc: String) -> Section {
            // A table that can be called stands in its own section.
            let functions = registry.functions.filter { $0.path == path || (owner($0.path) == path && !modules.contains($0.path)) }
            let constants = registry.constants.filter { owner($0.path) == path }
            return Section(
                title: title, doc: doc,
                entries: functions.sorted { $0.path < $1.path }.map { entry($0, $0.path) }
                    + constants.sorted { $0.path < $1.path }.map {
                        let value = $0.value.object == nil && $0.value.table == nil ? " = \($0.value.brief)" : ""
                        return Entry(name: $0.path, signature: "\($0.path): \($0.type)\(value)", doc: $0.doc)
                    })
        }
        sections = [section("", "Globals", "Functions of every session.")]
        sections += modules.map { section($0, $0, registry.modules[$0] ?? "") }
        sections += registry.types.sorted { $0.name < $1.name }.map { type in
            let properties = type.properties.map {
                Entry(name: "\(type.name).\($0.path)", signature: "\(type.name).\($0.path): \($0.returns)", doc: $0.doc)
            }
            let methods = type.methods.map { entry($0, "\(type.name):\($0.path)") }
            let operators = type.operators.map(\.path).filter { !["__index", "__tostring"].contains($0) }
            let doc = type.doc + (operators.isEmpty ? "" : " Operators: \(operators.joined(separator: " ")).")
            return Section(title: type.name, doc: doc, entries: properties + methods)
        }
        sections.removeAll { $0.entries.isEmpty && $0.doc.isEmpty }
    }

    static func anchor(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    }
}

extension Registry {
    /// The API reference in Markdown.
    public var markdownReference: String {
        let page = ReferencePage(self)
        var lines = [
            "# The Lua surface of rlhf-repl", "", "Written by `rlhf-repl docs`. In a session `help(x)` or `?x` tells the same.", "",
        ]
        lines += page.sections.map { "- [\($0.title)](#\(ReferencePage.anchor($0.title)))" } + [""]
        for section in page.sections {
            lines += ["<a id=\"\(ReferencePage.anchor(section.title))\"></a>", "## \(section.title)", ""]
            if !section.doc.isEmpty { lines += [section.doc, ""] }
            for entry in section.entries {
                lines += ["### `\(entry.name)`", "", "```lua", entry.signature, "```", "", entry.doc, ""]
                if !entry.parameters.isEmpty {
                    lines += ["| parameter | type | default | meaning |", "|---|---|---|---|"]
                    lines +=
                        entry.parameters.map { parameter in
                            let cells = [
                                "`\(parameter.name)`", "`\(parameter.type)`", parameter.defaultValue.map { "`\($0)`" } ?? "required",
                                parameter.doc,
                            ]
                            return "| "
                                + cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }.joined(separator: " | ")
                                + " |"
                        } + [""]
                }
                if !entry.example.isEmpty { lines += ["Example:", "", "```lua", entry.example, "```", ""] }
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The API reference as one page of HTML that needs nothing else: contents at the side, a field to search in, light and
    /// dark.
    public var htmlReference: String {
        let page = ReferencePage(self)
        let contents = page.sections.map { section in
            let links = section.entries.map { "<a href=\"#\(ReferencePage.anchor($0.name))\">\(Self.escaped($0.name))</a>" }
            return "<details><summary><a href=\"#\(ReferencePage.anchor(section.title))\">\(Self.escaped(section.title))</a></summary>"
                + links.joined() + "</details>"
        }.joined(separator: "\n")
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>rlhf-repl: API reference</title>
            <style>\(Self.style)</style></head>
            <body><nav><h1>rlhf-repl</h1><input type="search" placeholder="search" aria-label="search">
            \(contents)</nav>
            <main>
            \(page.sections.map(Self.html).joined(separator: "\n"))
            </main>
            <script>\(Self.script)</script></body></html>

            """
    }

    private static func html(_ section: ReferencePage.Section) -> String {
        "<section><h2 id=\"\(ReferencePage.anchor(section.title))\">\(escaped(section.title))</h2>\n"
            + (section.doc.isEmpty ? "" : "<p>\(escaped(section.doc))</p>\n") + section.entries.map(html).joined(separator: "\n")
            + "</section>"
    }

    private static func html(_ entry: ReferencePage.Entry) -> String {
        var parts = [
            "<article id=\"\(ReferencePage.anchor(entry.name))\"><h3><code>\(escaped(entry.name))</code></h3>",
            "<pre class=\"signature\">\(escaped(entry.signature))</pre><p>\(escaped(entry.doc))</p>",
        ]
        if !entry.parameters.isEmpty {
            let rows = entry.parameters.map { parameter in
                let value = parameter.defaultValue.map { "<code>\(escaped($0))</code>" } ?? "required"
                return "<tr><td><code>\(escaped(parameter.name))</code></td><td><code>\(escaped(parameter.type))</code></td>"
                    + "<td>\(value)</td><td>\(escaped(parameter.doc))</td></tr>"
            }
            parts.append(
                "<div class=\"wide\"><table><tr><th>parameter</th><th>type</th><th>default</th><th>meaning</th></tr>"
                    + rows.joined(separator: "\n") + "</table></div>")
        }
        if !entry.example.isEmpty { parts.append("<pre class=\"example\"><code>\(escaped(entry.example))</code></pre>") }
        return parts.joined(separator: "\n") + "</article>"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }

    private static let style = """
        :root { color-scheme: light dark; --line: #8884; --code: #8881; --accent: light-dark(#1a5fb4, #78aeed); }
        body { margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 1fr); font: 16px/1.5 system-ui, sans-serif; }
        nav { position: sticky; top: 0; height: 100vh; overflow: auto; box-sizing: border-box; padding: 1rem; border-right: 1px solid var(--line); font-size: 14px; }
        nav h1 { font-size: 1.2rem; margin: 0 0 .5rem; } nav a { display: block; } summary a { display: inline; }
        nav details > a { padding-left: 1rem; } nav input { width: 100%; box-sizing: border-box; margin-bottom: .5rem; padding: .3rem; }
        a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
        main { padding: 1rem 2rem 6rem; max-width: 60rem; } h2, h3 { overflow-wrap: anywhere; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
        article { margin: 2rem 0; scroll-margin-top: 1rem; } pre { background: var(--code); padding: .6rem .8rem; overflow-x: auto; border-radius: 6px; }
        pre.signature { white-space: pre-wrap; overflow-wrap: anywhere; } pre.example { border-left: 3px solid var(--accent); }
        .wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 14px; }
        td, th { text-align: left; vertical-align: top; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid var(--line); }
        @media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; max-height: 40vh; border: 0; } main { padding: 1rem; overflow-x: clip; } }
        """

    private static let script = """
        document.querySelector("nav input").addEventListener("input", event => {
          const wanted = event.target.value.toLowerCase();
          for (const group of document.querySelectorAll("nav details")) {
            let found = false;
            for (const link of group.querySelectorAll(":scope > a")) {
              const fits = link.textContent.toLowerCase().includes(wanted);
              link.hidden = !fits; found ||= fits;
            }
            group.open = wanted !== "" && found;
            group.hidden = wanted !== "" && !found && !group.querySelector("summary").textContent.toLowerCase().includes(wanted);
          }
        });
        """
}
