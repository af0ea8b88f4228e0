import LuaBindings
import LuaRuntime
import Testing

@Suite("Documentation from the registry")
struct DocsTests {
    @Test("every example compiles")
    func examples() throws {
        let registry = CookbookSession().registry
        let state = try LuaState()
        let examples =
            registry.functions.map { ($0.path, $0.example) }
            + registry.types.flatMap { type in type.methods.map { ("\(type.name):\($0.path)", $0.example) } }
        #expect(examples.count > 100)
        for (path, example) in examples where !example.isEmpty {
            let asStatement = state.compileError(example, name: path)
            let asExpression = state.compileError("return " + example, name: path)
            #expect(asStatement == nil || asExpression == nil, "\(path): \(asStatement?.message ?? "")")
        }
    }

    @Test("the stubs are Lua, and declare every function, method, type and constant")
    func stubs() throws {
        let registry = CookbookSession().registry
        let stubs = registry.languageServerStubs
        #expect(try LuaState().compileError(stubs, name: "rlhf.d.lua") == nil)
        #expect(stubs.hasPrefix("---@meta\n"))
        for function in registry.functions {
            #expect(stubs.contains("function \(function.path)(") || stubs.contains("\n\(function.path) = {}\n"), "\(function.path)")
        }
        for type in registry.types {
            #expect(stubs.contains("---@class rlhf.\(type.name)\n"))
            for method in type.methods { #expect(stubs.contains("function \(type.name):\(method.path)(")) }
            for property in type.properties { #expect(stubs.contains("---@field \(property.path) ")) }
        }
        for constant in registry.constants { #expect(stubs.contains("\n\(constant.path) = "), "\(constant.path)") }
    }

    @Test("types of the registry become types of the language server; prose becomes any")
    func types() throws {
        var registry = Registry()
        registry.add(TypeBinding(name: "Datum", doc: "A datum."))
        registry.add(
            FunctionBinding(
                "rlhf.f", doc: "Does it.",
                parameters: [
                    ParameterDoc("rows", "string | Datum[]", "the rows"), ParameterDoc("end", "integer", default: "1", "the end"),
                    ParameterDoc("g", "function(row, k) -> number", "a function"),
                    ParameterDoc("m", "{[name] = number[]}", "by name"), ParameterDoc("z", "any old thing", "whatever"),
                ], returns: "a list of values", example: "rlhf.f()"
            ) { _ in .nothing },
            FunctionBinding(
                "rlhf.train", doc: "Trains.", style: .options, parameters: [ParameterDoc("rank", "integer", default: "32", "the rank")],
                example: "rlhf.train{}"
            ) { _ in .nothing },
            FunctionBinding(
                "rlhf.join", doc: "Joins.",
                parameters: [
                    ParameterDoc("a", "any", "the first"), ParameterDoc("...", "integer", "the parts"),
                    ParameterDoc("dtype", "string", default: "nil", "the type"),
                ], example: "rlhf.join(1, 2)"
            ) { _ in .nothing })
        let stubs = registry.languageServerStubs
        for line in [
            "---@param rows string|rlhf.Datum[] the rows", "---@param _end? integer the end (default 1)",
            "---@param g fun(row: any, k: any): number a function", "---@param m table<string, number[]> by name",
            "---@param z any whatever", "---@return any # a list of values", "function rlhf.f(rows, _end, g, m, z) end",
            "---@class rlhf.train.options", "---@field rank? integer the rank (default 32)", "---@param options rlhf.train.options",
            "---@param ... any the parts; dtype: the type (default nil)",
            "function rlhf.join(a, ...) end",
        ] {
            #expect(stubs.contains(line + "\n"), "\(line)")
        }
    }

    @Test("luacheck knows the fields, and the reference every entry, with what HTML has to escape escaped")
    func others() throws {
        let registry = CookbookSession().registry
        let configuration = registry.luacheckConfiguration
        #expect(try LuaState().compileError(configuration, name: ".luacheckrc") == nil)
        #expect(configuration.contains("        supervised = {fields = {"))
        let (markdown, html) = (registry.markdownReference, registry.htmlReference)
        for function in registry.functions {
            #expect(markdown.contains("### `\(function.path)`\n"))
            #expect(html.contains("<code>\(function.path)</code>"))
        }
        #expect(!html.contains("-> "))
        #expect(html.contains("-&gt; "))
    }
}
