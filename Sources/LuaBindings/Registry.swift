public import LuaRuntime
import Synchronization

/// Which bound function or table of functions a Lua value is.
public final class PathIndex: Sendable {
    // The references keep the values alive, so that no other value can get one of their addresses.
    private let paths = Mutex([UInt: (path: String, reference: LuaReference)]())

    /// An index of nothing.
    public init() {}

    func insert(_ path: String, _ reference: LuaReference) {
        paths.withLock { $0[reference.identity] = (path, reference) }
    }

    /// Where the registry has the value, under whatever name a script may call it.
    public func path(of reference: LuaReference) -> String? { paths.withLock { $0[reference.identity]?.path } }
}

/// Everything that Lua can see of this program: the one source of functions, help texts, completion and the API page.
public struct Registry: Sendable {
    /// The functions, in the order in which they were added.
    public private(set) var functions: [FunctionBinding] = []
    /// The constants, in the order in which they were added.
    public private(set) var constants: [ConstantBinding] = []
    /// The types of objects.
    public private(set) var types: [TypeBinding] = []
    /// A sentence or more about a table of functions, by path: `rlhf.tensor`.
    public private(set) var modules: [String: String] = [:]

    /// An empty registry.
    public init() {}

    /// Adds functions. A later binding of one path replaces an earlier one.
    public mutating func add(_ bindings: FunctionBinding...) { add(bindings) }

    /// Adds functions. A later binding of one path replaces an earlier one.
    public mutating func add(_ bindings: [FunctionBinding]) {
        for binding in bindings {
            functions.removeAll { $0.path == binding.path }
            functions.append(binding)
        }
    }

    /// Adds a constant. A later one of the same path replaces an earlier one.
    public mutating func add(_ constant: ConstantBinding) {
        constants.removeAll { $0.path == constant.path }
        constants.append(constant)
    }

    /// Adds a type.
    public mutating func add(_ type: TypeBinding) {
        types.removeAll { $0.name == type.name }
        types.append(type)
    }

    /// Says what a table of functions is about.
    public mutating func describe(module path: String, _ doc: String) { modules[path] = doc }

    /// Makes everything known to a state, and `help` with it.
    @discardableResult
    public func install(into state: LuaState) throws(LuaError) -> PathIndex {
        let index = PathIndex()
        var registry = self
        registry.add(Self.help(registry: self, index: index))
        for type in registry.types { try state.register(type.objectType) }
        for binding in registry.functions {
            let function = try state.makeFunction(binding.hostFunction(named: binding.path))
            index.insert(binding.path, function.reference)
            try state.define(binding.path, .function(function))
        }
        for constant in registry.constants { try state.define(constant.path, constant.value) }
        // Tables of functions are known by identity once they are complete.
        for path in registry.modulePaths {
            if let reference = try registry.value(at: path, in: state).table?.reference {
                index.insert(path, reference)
            }
        }
        return index
    }

    /// Every table on the way to a function or a constant.
    var modulePaths: [String] {
        var paths = Set(modules.keys)
        for path in functions.map(\.path) + constants.map(\.path) {
            var parts = path.split(separator: ".")
            while parts.count > 1 {
                parts.removeLast()
                paths.insert(parts.joined(separator: "."))
            }
        }
        return paths.sorted()
    }

    private func value(at path: String, in state: LuaState) throws(LuaError) -> LuaValue {
        let parts = path.split(separator: ".").map(String.init)
        guard let first = parts.first else { return .none }
        var value = try state.global(first, byReference: true)
        for part in parts.dropFirst() {
            guard let reference = value.table?.reference else { return .none }
            value = try state.field(part, of: reference, byReference: true)
        }
        return value
    }

    /// What lacks documentation, for a test to be empty: `rlhf.f: no doc`, `rlhf.f: parameter 'x' has no doc` ...
    public var documentationGaps: [String] {
        var gaps = [String]()
        func check(_ binding: FunctionBinding, _ path: String, needsExample: Bool) {
            if binding.doc.isEmpty { gaps.append("\(path): no doc") }
            if needsExample, binding.example.isEmpty { gaps.append("\(path): no example") }
            for parameter in binding.parameters where parameter.doc.isEmpty || parameter.type.isEmpty {
                gaps.append("\(path): parameter '\(parameter.name)' has no doc or type")
            }
        }
        for function in functions { check(function, function.path, needsExample: true) }
        for constant in constants where constant.doc.isEmpty || constant.type.isEmpty {
            gaps.append("\(constant.path): no doc or type")
        }
        for type in types {
            if type.doc.isEmpty { gaps.append("\(type.name): no doc") }
            for method in type.methods { check(method, "\(type.name):\(method.path)", needsExample: false) }
            for property in type.properties {
                check(property, "\(type.name).\(property.path)", needsExample: false)
                if property.returns.isEmpty { gaps.append("\(type.name).\(property.path): no type in `returns`") }
            }
            for operation in type.operators { check(operation, "\(type.name) \(operation.path)", needsExample: false) }
        }
        return gaps
    }
}
