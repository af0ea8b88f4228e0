import CLuaBridge

/// Writes values as flat items, for the bridge to push. Whoever holds `values` frees them with `lb_values_free`.
struct ItemWriter {
    let state: LuaState
    var values = lb_values()

    init(state: LuaState) { self.state = state }

    private mutating func add(_ tag: Int, _ fill: (inout lb_item) -> Void = { _ in }) {
        var item = lb_item()
        item.tag = Int32(tag)
        item.reference = Int32(LB_NO_REFERENCE)
        fill(&item)
        lb_add(&values, item)
    }

    mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { lb_add_string(&values, $0.baseAddress, $0.count) }
        }
    }

    /// Throws `usage` for a value of another state, or a table nested too deep.
    mutating func write(_ value: LuaValue, depth: Int = 0) throws(LuaError) {
        switch value {
        case .none: add(LB_NIL)
        case .boolean(let value): add(value ? LB_TRUE : LB_FALSE)
        case .integer(let value): add(LB_INTEGER) { $0.value.integer = Int64(value) }
        case .number(let value): add(LB_NUMBER) { $0.value.number = value }
        case .string(let value): write(value)
        case .function(let function): try write(function.reference)
        case .table(let table): try write(table, depth: depth)
        case .object(let object):
            let type = state.typeNumber(type(of: object).luaType)
            let box = Unmanaged.passRetained(ObjectBox(object))
            add(LB_OBJECT) {
                $0.reference = type
                $0.value.pointer = UnsafeRawPointer(box.toOpaque())
                $0.length = Int(bitPattern: ObjectIdentifier(object))
                $0.count = max(0, object.externalBytes)
            }
        }
    }

    private mutating func write(_ reference: LuaReference) throws(LuaError) {
        guard reference.mailbox === state.mailbox else {
            throw .usage("a function or table of another Lua state cannot be used here")
        }
        add(LB_REFERENCE) { $0.reference = reference.id }
    }

    private mutating func write(_ table: LuaTable, depth: Int) throws(LuaError) {
        if let reference = table.reference { return try write(reference) }
        guard depth < 100 else { throw .usage("the table is nested deeper than 100 levels") }
        // nil cannot be a key, and NaN neither
        let others = table.others.filter { pair in
            if case .none = pair.key { return false }
            if case .number(let key) = pair.key { return !key.isNaN }
            return true
        }
        add(LB_TABLE) {
            $0.length = table.array.count
            $0.count = table.fields.count + others.count
        }
        for value in table.array { try write(value, depth: depth + 1) }
        for (name, value) in table.fields {
            write(name)
            try write(value, depth: depth + 1)
        }
        for (key, value) in others {
            try write(key, depth: depth + 1)
            try write(value, depth: depth + 1)
        }
    }
}
