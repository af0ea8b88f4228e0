import LuaRuntime

extension Registry {
    /// A configuration for luacheck in which every bound name is known, field by field, so that a misspelt one is found.
    public var luacheckConfiguration: String {
        var root = Node()
        for path in modulePaths + functions.map(\.path) + constants.map(\.path) {
            root.insert(path.split(separator: ".").map(String.init)[...])
        }
        return """
            -- Written by `rlhf-repl docs`: what luacheck knows of rlhf-repl.
            std = "lua54"
            max_line_length = false
            -- Variables of a cell are used by later ones, also local ones and those of other files.
            allow_defined_top = true
            ignore = {"211", "221", "231", "241", "311", "411", "421", "431"}
            globals = {"_"}
            read_globals = {
                In = {other_fields = true},
                Out = {other_fields = true},
            \(root.text(indent: "    "))
            }

            """
    }

    private struct Node {
        var children: [String: Node] = [:]

        mutating func insert(_ path: ArraySlice<String>) {
            guard let first = path.first else { return }
            children[first, default: Node()].insert(path.dropFirst())
        }

        func text(indent: String) -> String {
            children.sorted { $0.key < $1.key }.map { name, node in
                let key = LuaToken.all(in: name).count == 1 && LuaToken.all(in: name)[0].kind == .name ? name : "[\"\(name)\"]"
                // Values without fields of their own may be of any type.
                if node.children.isEmpty { return "\(indent)\(key) = {other_fields = true}," }
                return "\(indent)\(key) = {fields = {\n\(node.text(indent: indent + "    "))\n\(indent)}},"
            }.joined(separator: "\n")
        }
    }
}
