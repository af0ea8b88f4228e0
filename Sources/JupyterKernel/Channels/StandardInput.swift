internal import JSON
internal import LuaRuntime
internal import Notebook

/// Asks whoever runs a cell for a line; on the Lua thread.
final class StandardInput {
    private let socket: ZMQSocket
    private let output: KernelOutput
    private let state: LuaState
    /// The request of somebody who can be asked.
    var asker: KernelMessage?

    init(socket: ZMQSocket, output: KernelOutput, state: LuaState) {
        (self.socket, self.output, self.state) = (socket, output, state)
    }

    /// The line that the user gives; nil for the end of the input. Background work goes on meanwhile, and an interrupt ends it.
    func ask(_ prompt: String) throws -> String? {
        guard let asker else {
            throw LuaError.usage("nobody can be asked for input here", hint: "run the cell in a notebook or console that allows input")
        }
        output.flush()
        // Answers to questions that nobody waits for any more.
        while try socket.receive(waits: false) != nil {}
        let question = KernelMessage(
            "input_request", content: ["prompt": .string(prompt), "password": false], session: output.session,
            parent: asker.header, identities: asker.identities)
        try socket.send(output.codec.frames(question))
        while true {
            let isThere = try socket.wait(or: state.mailbox.wakeDescriptor)
            if state.isInterrupted { throw LuaError.cancelled }
            state.servePending()
            guard isThere, let frames = try socket.receive(waits: false) else { continue }
            do {
                let answer = try output.codec.message(frames)
                // Consoles send Ctrl-D as a character.
                if answer.type == "input_reply" { return answer.text("value") == "\u{4}" ? nil : answer.text("value") }
                output.log("'\(answer.type)' on stdin is no answer")
            } catch {
                output.log("a message on stdin is left out: \(error)")
            }
        }
    }

    /// Makes `io.read` ask. Other files are read as before.
    func defineRead() throws {
        let box = LuaThreadBox(object: self)
        let ask = try state.makeFunction(
            HostFunction("io.read") { call in
                guard let line = try box.object?.ask(try call.string(0)) else { return .nothing }
                return .value(.string(line))
            })
        let outcome = state.evaluate(Self.source, cellName: "io.read")
        if let error = outcome.error { throw error }
        if let function = outcome.values.first?.function { _ = try state.call(function, [.function(ask)]) }
    }

    /// `io.read` by lines that a function gives; nothing where a sandbox has no `io`.
    private static let source = """
        return io and (function(ask)
            local read, input, stdin, pack, unpack = io.read, io.input, io.stdin, table.pack, table.unpack
            local type, tonumber = type, tonumber
            function io.read(...)
                if input() ~= stdin then return read(...) end
                local formats, values = pack(...), {}
                if formats.n == 0 then formats = { n = 1, "l" } end
                for i = 1, formats.n do
                    local format, line = formats[i], ask("")
                    if type(format) == "string" then format = format:gsub("^%*", ""):sub(1, 1) end
                    if line == nil then return unpack(values, 1, i) end
                    if format == "n" then values[i] = tonumber(line)
                    elseif format == "L" then values[i] = line .. "\\n"
                    elseif type(format) == "number" then values[i] = line:sub(1, format)
                    else values[i] = line end
                end
                return unpack(values, 1, formats.n)
            end
        end) or nil;
        """
}
