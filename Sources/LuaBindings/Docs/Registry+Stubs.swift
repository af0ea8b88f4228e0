import LuaRuntime

extension Registry {
    /// Declarations for the Lua language server: a `---@meta` file with every function, type and constant.
    public var languageServerStubs: String {
        var lines = [
            "---@meta", "---@diagnostic disable", "-- Written by `rlhf-repl docs`: what the Lua language server knows of rlhf-repl.",
            "",
        ]
        lines += ["---The entries so far.", "---@type string[]", "In = {}", "", "---Their results.", "---@type any[]", "Out = {}", ""]
        lines += ["---The last result.", "_ = nil", ""]
        for type in types.sorted(by: { $0.name < $1.name }) { lines += stub(type) }
        for path in modulePaths { lines += stub(module: path) }
        let modules = Set(modulePaths)
        for constant in constants.sorted(by: { $0.path < $1.path }) where !modules.contains(constant.path) {
            lines += Self.comment(constant.doc) + ["---@type \(annotation(constant.type))", "\(constant.path) = nil", ""]
        }
        for function in functions.sorted(by: { $0.path < $1.path }) where !modules.contains(function.path) {
            lines += optionsClass(function)
            lines += stub(function, declaration: "function \(function.path)")
        }
        return lines.joined(separator: "\n")
    }

    private var luaType: LuaType { LuaType(types: Set(types.map(\.name))) }

    private func annotation(_ text: String) -> String { luaType.annotation(text) }

    private func stub(module path: String) -> [String] {
        var lines = Self.comment(modules[path] ?? "")
        lines.append("---@class \(path)")
        // A table that can be called
        if let function = functions.first(where: { $0.path == path }) {
            lines = optionsClass(function) + Self.comment(function.doc) + ["---@class \(path)"]
            let result = function.returns.isEmpty ? "" : ": " + annotation(function.returns)
            lines.append("---@overload fun(\(parameters(function).map { "\($0.name): \($0.type)" }.joined(separator: ", ")))\(result)")
        }
        return lines + ["\(path) = {}", ""]
    }

    private func stub(_ type: TypeBinding) -> [String] {
        var lines = Self.comment(type.doc) + ["---@class rlhf.\(type.name)"]
        for property in type.properties {
            lines.append("---@field \(property.path) \(annotation(property.returns)) \(Self.oneLine(property.doc))")
        }
        let binary = ["add", "sub", "mul", "div", "mod", "pow", "idiv", "concat"]
        for operation in type.operators.map({ String($0.path.drop { $0 == "_" }) }) {
            let result = operation == "concat" ? "string" : "rlhf.\(type.name)"
            if binary.contains(operation) { lines.append("---@operator \(operation)(any): \(result)") }
            if operation == "unm" { lines.append("---@operator unm: \(result)") }
            if operation == "len" { lines.append("---@operator len: integer") }
        }
        lines += ["local \(type.name) = {}", ""]
        for method in type.methods {
            lines += optionsClass(method, owner: type.name)
            lines += stub(method, declaration: "function \(type.name):\(method.path)", owner: type.name)
        }
        return lines
    }

    private func stub(_ binding: FunctionBinding, declaration: String, owner: String? = nil) -> [String] {
        var lines = Self.comment(binding.doc)
        if !binding.example.isEmpty {
            lines += ["---", "---```lua"] + Self.comment(binding.example) + ["---```"]
        }
        let parameters = parameters(binding, owner: owner)
        lines += parameters.map { parameter in
            let words = ["---@param", parameter.name + (parameter.isOptional ? "?" : ""), parameter.type, parameter.doc]
            return words.filter { !$0.isEmpty }.joined(separator: " ")
        }
        if !binding.returns.isEmpty {
            let prose = luaType.isProse(binding.returns) ? " # \(binding.returns)" : ""
            lines.append("---@return \(annotation(binding.returns))\(prose)")
        }
        return lines + ["\(declaration)(\(parameters.map(\.name).joined(separator: ", "))) end", ""]
    }

    private struct Parameter {
        let name: String
        let type: String
        let isOptional: Bool
        let doc: String
    }

    private func parameters(_ binding: FunctionBinding, owner: String? = nil) -> [Parameter] {
        guard binding.style == .positional else {
            return [Parameter(name: "options", type: optionsName(binding, owner), isOptional: false, doc: "")]
        }
        // Lua has nothing after `...`; what is documented there comes in a table at the end of it.
        let last = binding.parameters.firstIndex { $0.name == "..." } ?? binding.parameters.count
        return binding.parameters.prefix(last + 1).map {
            let rest = $0.name == "..." ? binding.parameters.dropFirst(last + 1) : []
            return Parameter(
                name: Self.identifier($0.name), type: rest.isEmpty ? annotation($0.type) : "any", isOptional: $0.defaultValue != nil,
                doc: ([Self.documented($0)] + rest.map { "\($0.name): \(Self.documented($0))" }).joined(separator: "; "))
        }
    }

    private func optionsName(_ binding: FunctionBinding, _ owner: String?) -> String {
        (owner.map { "rlhf.\($0).\(binding.path)" } ?? binding.path) + ".options"
    }

    /// The class of the one table that a function takes.
    private func optionsClass(_ binding: FunctionBinding, owner: String? = nil) -> [String] {
        guard binding.style == .options else { return [] }
        let fields = binding.parameters.map {
            "---@field \($0.name)\($0.defaultValue == nil ? "" : "?") \(annotation($0.type)) \(Self.documented($0))"
        }
        return ["---@class \(optionsName(binding, owner))"] + fields + [""]
    }

    private static func documented(_ parameter: ParameterDoc) -> String {
        oneLine(parameter.doc) + (parameter.defaultValue.map { " (default \(oneLine($0)))" } ?? "")
    }

    private static func comment(_ text: String) -> [String] {
        text.isEmpty ? [] : text.split(separator: "\n", omittingEmptySubsequences: false).map { "---\($0)" }
    }

    private static func oneLine(_ text: String) -> String { text.replacing("\n", with: " ") }

    /// A name that Lua takes for a parameter's.
    private static func identifier(_ name: String) -> String {
        if name == "..." { return name }
        let cleaned = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
        return LuaToken.all(in: cleaned).first?.kind == .name ? cleaned : "_" + cleaned
    }
}
