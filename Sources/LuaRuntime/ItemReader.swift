import CLuaBridge

/// Reads the flat items that the bridge hands over.
struct ItemReader {
    let items: UnsafePointer<lb_item>?
    let count: Int
    let mailbox: LuaMailbox
    private var position = 0

    init(items: UnsafePointer<lb_item>?, count: Int, mailbox: LuaMailbox) {
        self.items = items
        self.count = count
        self.mailbox = mailbox
    }

    /// The next item, without its children.
    mutating func item() -> lb_item {
        guard let items, position < count else { return lb_item() }
        defer { position += 1 }
        return items[position]
    }

    static func text(_ item: lb_item) -> String {
        String(decoding: UnsafeRawBufferPointer(start: item.value.pointer, count: item.length), as: UTF8.self)
    }

    /// The next value with its children.
    mutating func value() -> LuaValue {
        let item = item()
        switch Int(item.tag) {
        case LB_FALSE: return .boolean(false)
        case LB_TRUE: return .boolean(true)
        case LB_INTEGER: return .integer(Int(item.value.integer))
        case LB_NUMBER: return .number(item.value.number)
        case LB_STRING, LB_OPAQUE: return .string(Self.text(item))
        case LB_TABLE: return .table(table(item))
        case LB_FUNCTION: return .function(function(item))
        case LB_OBJECT: return object(item)
        default: return .none
        }
    }

    mutating func values(_ number: Int) -> [LuaValue] {
        var values = [LuaValue]()
        values.reserveCapacity(number)
        for _ in 0..<number { values.append(value()) }
        return values
    }

    private func reference(_ item: lb_item) -> LuaReference? {
        guard item.reference != Int32(LB_NO_REFERENCE) else { return nil }
        return LuaReference(id: item.reference, identity: UInt(bitPattern: item.value.pointer), mailbox: mailbox)
    }

    private mutating func table(_ item: lb_item) -> LuaTable {
        let array = values(item.length)
        var fields = [LuaTable.Field](), others = [(key: LuaValue, value: LuaValue)]()
        for _ in 0..<item.count {
            let key = value(), value = value()
            if case .string(let name) = key { fields.append((name, value)) } else { others.append((key, value)) }
        }
        fields.sort { $0.name < $1.name }
        return LuaTable(array: array, fields: fields, others: others, reference: reference(item))
    }

    private mutating func function(_ item: lb_item) -> LuaFunction {
        let source = Self.text(self.item())
        let reference = reference(item) ?? LuaReference(id: -1, identity: 0, mailbox: mailbox)
        let isLua = item.count > 0
        return LuaFunction(
            reference: reference, source: isLua ? String(source.drop { $0 == "=" || $0 == "@" }) : nil,
            line: isLua ? item.count : nil)
    }

    private func object(_ item: lb_item) -> LuaValue {
        guard let pointer = item.value.pointer else { return .none }
        return .object(Unmanaged<ObjectBox>.fromOpaque(pointer).takeUnretainedValue().object)
    }

    /// Steps over the next value with its children.
    mutating func skip() {
        let item = item()
        switch Int(item.tag) {
        case LB_TABLE: for _ in 0..<(item.length + 2 * item.count) { skip() }
        case LB_FUNCTION: position += 1
        default: break
        }
    }

    /// The bytes of the next value if it is a string.
    mutating func bytes() -> [UInt8]? {
        let item = item()
        guard Int(item.tag) == LB_STRING else { return nil }
        return Array(UnsafeRawBufferPointer(start: item.value.pointer, count: item.length))
    }
}
