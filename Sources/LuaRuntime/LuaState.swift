import CLuaBridge
public import Display

/// A Lua 5.4 state with everything a session needs: host functions, objects, cells, tasks, an event loop, interrupts.
/// It belongs to one thread; `mailbox` and `LuaFunction` are the ways in from others.
public final class LuaState {
    /// How a state is set up.
    public struct Options: Sendable {
        /// The most bytes that Lua itself may hold; nil means no limit. Tensors do not count.
        public var memoryLimit: Int?
        /// Without files, processes, loading of code, finalizers, and with bounded patterns.
        public var isSandboxed: Bool

        /// Everything allowed unless said otherwise.
        public init(memoryLimit: Int? = nil, isSandboxed: Bool = false) {
            self.memoryLimit = memoryLimit
            self.isSandboxed = isSandboxed
        }
    }

    /// The way in from other threads.
    public let mailbox = LuaMailbox()
    /// Gets what `print` and `io.write` write.
    public var output: (String) -> Void
    /// Gets what bindings show; without it, `output` gets it as plain text.
    public var display: ((DisplayValue) -> Void)?
    /// Breaks text for people into lines that fit; as it is where nothing has a width.
    public var prose: (String) -> String = { $0 }
    /// Takes away what the cell has given so far, at once or when there is something to put in its place.
    public var clearDisplay: ((_ waits: Bool) -> Void)?
    /// Called about ten times a second while the loop waits: for progress lines.
    public var onTick: (() -> Void)?
    /// Called with true when a command has the terminal or the user types what a script reads, and with false after.
    public var onTerminalLent: ((Bool) -> Void)?
    /// How much cancelled work is still coming to a safe end in the background.
    public internal(set) var unfinishedWork = 0
    let options: Options
    let bridge: OpaquePointer

    var functions: [HostFunction] = []
    var types: [String: (number: Int32, type: ObjectType)] = [:]

    var tasks: [Int: LuaTask] = [:]
    var waits: [Int64: PendingWait] = [:]
    var counter: Int64 = 0
    var evaluationDepth = 0
    var evaluation = 0
    var loopDepth = 0
    var deferredTasks: [Int] = []

    /// A fresh state. Throws when memory is too short for it.
    public init(options: Options = Options(), output: @escaping (String) -> Void = { print($0, terminator: "") })
        throws(LuaError)
    {
        self.options = options
        self.output = output
        // The bridge needs the state's address, which needs all fields; so it gets a cell that is filled in below.
        let context = UnsafeMutablePointer<Unmanaged<LuaState>?>.allocate(capacity: 1)
        context.initialize(to: nil)
        let callbacks = lb_callbacks(
            context: context,
            call: { context, call in LuaState.of(context).map { Int32($0.handle(call)) } ?? Int32(LB_RETURN) },
            proceed: { context, call in LuaState.of(context).map { Int32($0.proceed(call)) } ?? Int32(LB_RETURN) },
            release: { box in if let box { Unmanaged<ObjectBox>.fromOpaque(box).release() } },
            output: { context, bytes, length in
                let text = String(decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
                LuaState.of(context)?.output(text)
            },
            lend_terminal: { context, isLent in LuaState.of(context)?.onTerminalLent?(isLent) })
        let limit = lb_options(memory_limit: options.memoryLimit ?? 0, sandbox: options.isSandboxed)
        guard let bridge = lb_open(callbacks, limit) else {
            context.deallocate()
            throw LuaError(kind: "internal", message: "not enough memory to start Lua")
        }
        self.bridge = bridge
        self.context = context
        context.pointee = Unmanaged.passUnretained(self)
        lb_set_wake_descriptor(bridge, mailbox.writeDescriptor)
        // Interrupting is the one thing that the bridge allows from any thread.
        nonisolated(unsafe) let shared = bridge
        mailbox.onInterrupt { lb_interrupt(shared) }
    }

    private let context: UnsafeMutablePointer<Unmanaged<LuaState>?>

    private static func of(_ context: UnsafeMutableRawPointer?) -> LuaState? {
        context?.assumingMemoryBound(to: Unmanaged<LuaState>?.self).pointee?.takeUnretainedValue()
    }

    deinit {
        mailbox.shut()
        for task in tasks.values { task.completion(.failure(.closed)) }
        context.pointee = nil
        lb_close(bridge)
        context.deallocate()
    }

    /// Shows a value to whoever watches the state.
    public func show(_ value: DisplayValue) {
        if let display { display(value) } else { output(TextRenderer().text(value) + "\n") }
    }

    func nextNumber() -> Int64 {
        counter += 1
        return counter
    }

    /// Bytes that Lua itself holds.
    public var memoryUsed: Int { lb_memory_used(bridge) }

    /// Runs a full garbage collection.
    public func collectGarbage() { _ = try? perform(LB_OP_COLLECT) }

    /// Lets `after` allocations pass and fails the next `count`; a negative `after` switches it off. For tests.
    package func failAllocations(after: Int, count: Int) { lb_fail_allocations(bridge, Int64(after), Int64(count)) }
}

// MARK: - Operations

/// What an operation has delivered.
struct Delivery {
    var values: [LuaValue] = []
    var nodes: [DisplayNode] = []
    var state: Int32 = 0
    var reference: Int32 = 0
    var token: Int64 = 0
}

private final class Inbox {
    let mailbox: LuaMailbox
    let wantsNodes: Bool
    var delivery = Delivery()
    var error: LuaError?
    /// The plain table that was raised in place of an error.
    var errorValue: DisplayNode?

    init(mailbox: LuaMailbox, wantsNodes: Bool) {
        self.mailbox = mailbox
        self.wantsNodes = wantsNodes
    }

    static func of(_ context: UnsafeMutableRawPointer?) -> Inbox? {
        context.map { Unmanaged<Inbox>.fromOpaque($0).takeUnretainedValue() }
    }
}

extension LuaState {
    /// One protected entry into Lua. Throws what it raised.
    func perform(
        _ operation: Int, name: String? = nil, text: String = "", reference: Int32 = 0, number: Int64 = 0,
        flag: Bool = false,
        depth: Int = 0, limit: Int = 0, values: [LuaValue] = [], rawValues: lb_values? = nil
    ) throws(LuaError) -> Delivery {
        giveUpReferences()
        var writer = ItemWriter(state: self)
        if let rawValues { writer.values = rawValues }
        defer { lb_values_free(bridge, &writer.values) }
        for value in values { try writer.write(value) }

        let inbox = Inbox(mailbox: mailbox, wantsNodes: operation == LB_OP_DISPLAY)
        var request = lb_request()
        request.operation = Int32(operation)
        request.reference = reference
        request.number = number
        request.flag = flag
        request.depth = Int32(depth)
        request.limit = Int32(limit)
        request.context = Unmanaged.passUnretained(inbox).toOpaque()
        request.sink = { context, items, count, valueCount in
            guard let inbox = Inbox.of(context) else { return }
            var reader = ItemReader(items: items, count: count, mailbox: inbox.mailbox)
            if inbox.wantsNodes {
                for _ in 0..<valueCount { inbox.delivery.nodes.append(DisplayNode(&reader)) }
            } else {
                inbox.delivery.values = reader.values(valueCount)
            }
        }
        request.error_sink = { context, items, count, valueCount in
            guard let inbox = Inbox.of(context) else { return }
            var reader = ItemReader(items: items, count: count, mailbox: inbox.mailbox)
            inbox.error = LuaError(reader.value())
        }
        request.error_value_sink = { context, items, count, valueCount in
            guard let inbox = Inbox.of(context) else { return }
            var reader = ItemReader(items: items, count: count, mailbox: inbox.mailbox)
            inbox.errorValue = DisplayNode(&reader)
        }
        let isGood = withExtendedLifetime((inbox, values)) {
            withUnsafeMutablePointer(to: &writer.values) { values in
                request.values = values
                return run(&request, name: name, text: text)
            }
        }
        guard isGood else { throw completed(inbox.error, inbox.errorValue) }
        inbox.delivery.state = request.out_state
        inbox.delivery.reference = request.out_reference
        inbox.delivery.token = request.out_token
        return inbox.delivery
    }

    private func run(_ request: inout lb_request, name: String?, text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { chars in
                request.text = chars.baseAddress
                request.text_length = chars.count
                guard let name else { return lb_run(bridge, &request) }
                return name.withCString {
                    request.name = $0
                    return lb_run(bridge, &request)
                }
            }
        }
    }

    /// No error table arrives only when there was no memory for one.
    private func completed(_ error: LuaError?, _ value: DisplayNode?) -> LuaError {
        var error = error ?? .outOfMemory
        if let value { error.message = "error value: " + value.text(width: 100) }
        if error.isOutOfMemory, error.hint == nil, let limit = options.memoryLimit {
            error.hint =
                "Lua may hold \(limit >> 20) MiB in this session; keep large data in tensors and drop what you do not need"
        }
        return error
    }

    private func giveUpReferences() {
        let released = mailbox.takeReleased()
        guard !released.isEmpty else { return }
        var values = lb_values()
        for id in released {
            var item = lb_item()
            item.tag = Int32(LB_INTEGER)
            item.value.integer = Int64(id)
            lb_add(&values, item)
        }
        _ = try? perform(LB_OP_UNREFERENCE, rawValues: values)
    }
}
