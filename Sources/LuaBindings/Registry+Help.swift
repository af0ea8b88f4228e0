import LuaRuntime
import TrainingAPI

extension Registry {
    /// The `help` function: of a path as a string, a function, a table of functions, or an object.
    static func help(registry: Registry, index: PathIndex) -> FunctionBinding {
        FunctionBinding(
            "help", doc: "Shows what a function, a type or a table of functions is for.",
            parameters: [ParameterDoc("what", "any", default: "nil", "a bound value, or its name as a string")],
            example: "help(rlhf.gather)", takesReferences: true
        ) { context in
            var registry = registry
            registry.add(help(registry: registry, index: index))
            context.state.output(context.state.prose(try registry.helpText(for: context[0], index: index)) + "\n")
            return .nothing
        }
    }

    /// The registry with `help` itself, which `install` adds: what the documentation is written from.
    public var withHelp: Registry {
        var registry = self
        registry.add(Self.help(registry: self, index: PathIndex()))
        return registry
    }

    func helpText(for value: LuaValue, index: PathIndex) throws(LuaError) -> String {
        switch value {
        case .none: return overview
        case .string(let name):
            if let text = helpText(name) { return text }
            let near = NearMatches.of(name, among: names)
            // All names would fill the screen.
            throw .usage(
                "no help for '\(name)'",
                hint: near.isEmpty ? "help() lists what there is" : NearMatches.hint(name, among: near, what: ""))
        case .function(let function):
            if let path = index.path(of: function.reference), let text = helpText(path) { return text }
            if let source = function.source, let line = function.line {
                return "a Lua function, defined at \(source):\(line)"
            }
            return "a built-in function of Lua; see the Lua 5.4 reference manual"
        case .table(let table):
            if let path = table.reference.flatMap(index.path), let text = helpText(path) { return text }
            return "a table; inspect(x) shows what is in it"
        case .object(let object):
            let name = type(of: object).luaType
            return helpText(name) ?? "an object of type \(name)"
        default: return "a \(value.typeName)"
        }
    }

    /// The help on a path, a type or a member (`Tensor:sum`, `Tensor.shape`).
    public func helpText(_ name: String) -> String? {
        let function = functions.first { $0.path == name }.map { text(of: $0, signature: signature($0, name: $0.path)) }
        if let module = moduleText(name) { return [function, module].compactMap { $0 }.joined(separator: "\n\n") }
        if let function { return function }
        if let constant = constants.first(where: { $0.path == name }) {
            let value = constant.value.object == nil ? " = \(constant.value.brief)" : ""
            return "\(name): \(constant.type)\(value)\n  \(constant.doc)"
                + (helpText(constant.type).map { "\n\n" + $0 } ?? "")
        }
        let bare = name.hasPrefix("rlhf.") ? String(name.dropFirst(5)) : name
        if let type = types.first(where: { $0.name == bare }) { return text(of: type) }
        for type in types {
            for method in type.methods
            where name == "\(type.name):\(method.path)" || name == "\(type.name).\(method.path)" {
                return text(of: method, signature: signature(method, name: "\(type.name):\(method.path)"))
            }
            for property in type.properties where name == "\(type.name).\(property.path)" {
                return "\(name): \(property.returns)\n  \(property.doc)"
            }
        }
        return nil
    }

    /// Every name that `helpText` knows.
    public var names: [String] {
        functions.map(\.path) + constants.map(\.path) + modulePaths + types.map(\.name)
            + types.flatMap { type in
                type.methods.map { "\(type.name):\($0.path)" } + type.properties.map { "\(type.name).\($0.path)" }
            }
    }

    private var overview: String {
        var lines = ["help(x) or ?x tells about a function, type or table. There are:"]
        for path in modulePaths {
            lines.append("  " + path + (modules[path].map { "  " + Self.firstSentence($0) } ?? ""))
        }
        lines += functions.filter { !$0.path.contains(".") }.map { "  \($0.path)  \(Self.firstSentence($0.doc))" }
            .sorted()
        lines += types.map { "  \($0.name)  \(Self.firstSentence($0.doc))" }.sorted()
        return lines.joined(separator: "\n")
    }

    /// `rlhf.f(a, b = 1)` or `rlhf.f{a =, b = 1}`
    public func signature(_ binding: FunctionBinding, name: String) -> String {
        let parameters = binding.parameters.map { parameter in
            switch (binding.style, parameter.defaultValue) {
            case (_, let value?): "\(parameter.name) = \(value)"
            case (.positional, nil): parameter.name
            case (.options, nil): "\(parameter.name) ="
            }
        }.joined(separator: ", ")
        let call = binding.style == .options ? "\(name){\(parameters)}" : "\(name)(\(parameters))"
        return call + (binding.returns.isEmpty ? "" : " -> \(binding.returns)")
    }

    private func text(of binding: FunctionBinding, signature: String) -> String {
        var lines = [signature, "  " + binding.doc]
        let width = binding.parameters.map(\.name.count).max() ?? 0
        for parameter in binding.parameters {
            let name = parameter.name + String(repeating: " ", count: width - parameter.name.count)
            let value = parameter.defaultValue.map { ", default \($0)" } ?? ""
            lines.append("    \(name)  \(parameter.type)\(value): \(parameter.doc)")
        }
        if !binding.example.isEmpty {
            lines.append("  Example:")
            lines += binding.example.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
        }
        return lines.joined(separator: "\n")
    }

    private func text(of type: TypeBinding) -> String {
        var lines = [type.name, "  " + type.doc]
        if !type.properties.isEmpty {
            lines.append("  Properties:")
            lines += type.properties.map { "    .\($0.path): \($0.returns)  \(Self.firstSentence($0.doc))" }
        }
        if !type.methods.isEmpty {
            lines.append("  Methods:")
            lines += type.methods.map { "    \(signature($0, name: ":" + $0.path))  \(Self.firstSentence($0.doc))" }
        }
        let operators = type.operators.map(\.path).filter { $0 != "__index" && $0 != "__tostring" }
        if !operators.isEmpty { lines.append("  Operators: " + operators.joined(separator: " ")) }
        return lines.joined(separator: "\n")
    }

    private func moduleText(_ path: String) -> String? {
        guard modulePaths.contains(path) else { return nil }
        var lines = [path] + (modules[path].map { ["  " + $0] } ?? [])
        for function in functions.sorted(by: { $0.path < $1.path }) where function.path.hasPrefix(path + ".") {
            lines.append("  \(function.path)  \(Self.firstSentence(function.doc))")
        }
        for constant in constants.sorted(by: { $0.path < $1.path }) where constant.path.hasPrefix(path + ".") {
            lines.append("  \(constant.path)  \(Self.firstSentence(constant.doc))")
        }
        return lines.joined(separator: "\n")
    }

    static func firstSentence(_ doc: String) -> String {
        guard let end = doc.firstRange(of: ". ") else { return doc }
        return String(doc[..<end.lowerBound]) + "."
    }
}
