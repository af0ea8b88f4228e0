import Cookbook
import Dispatch
import Foundation
import Glibc
import LuaRuntime
import Tokenizers
import TrainingAPI

/// A renderer whose messages a Lua function writes. What lies between them, weights and reading responses are done
/// here, so that
/// a script says only how its format looks.
struct LuaRenderer: Renderer {
    let name: String
    let tokenizer: any Tokenizer
    let stopCondition: StopCondition
    /// `render_message(message)`.
    private let renderMessage: LuaFunction
    private let generationHeader: [Int]
    private let begin: [Int]
    private let luaThread: pthread_t

    /// The options of `rlhf.renderers.register`, checked once.
    struct Format: Sendable {
        var renderMessage: LuaFunction
        var generationHeader: LuaValue
        var begin: LuaValue
        var stop: LuaValue
    }

    /// A renderer of a format for a tokenizer. Must be told the Lua thread, which may never wait for itself.
    init(name: String, format: Format, tokenizer: any Tokenizer, luaThread: pthread_t) throws(CookbookError) {
        self.name = name
        self.tokenizer = tokenizer
        self.luaThread = luaThread
        renderMessage = format.renderMessage
        let reader = PieceReader(renderer: name, tokenizer: tokenizer)
        generationHeader = try reader.tokens(format.generationHeader, field: "generation_header", isPlainText: false)
        begin = try reader.tokens(format.begin, field: "begin", isPlainText: false)
        stopCondition = try reader.stop(format.stop)
    }

    func buildGenerationPrompt(_ messages: [Message], prefill: String?) throws -> ModelInput {
        try framed(messages).buildGenerationPrompt(messages, prefill: prefill)
    }

    func buildSupervisedExample(_ messages: [Message], trainOnWhat: TrainOnWhat) throws -> SupervisedExample {
        try framed(messages).buildSupervisedExample(messages, trainOnWhat: trainOnWhat)
    }

    func parseResponse(_ tokens: [Int]) -> ParsedResponse {
        let eos = tokenizer.eosToken
        switch stopCondition {
        case .tokens(let stops):
            let end = tokens.firstIndex { stops.contains($0) }
            let parsed = Message.assistant(tokenizer.decode(Array(tokens[..<(end ?? tokens.count)])))
            guard let end, end == tokens.count - 1 else {
                return ParsedResponse(message: parsed, termination: .malformed)
            }
            let isEos = tokens[end] == eos && stops.first != eos
            return ParsedResponse(message: parsed, termination: isEos ? .eos : .stopSequence)
        case .strings(let stops):
            let endsText = eos != nil && tokens.last == eos
            let text = tokenizer.decode(endsText ? Array(tokens.dropLast()) : tokens)
            let places = stops.compactMap { text.range(of: $0) }
            guard let place = places.min(by: { $0.lowerBound < $1.lowerBound }) else {
                return ParsedResponse(message: .assistant(text), termination: endsText ? .eos : .malformed)
            }
            return ParsedResponse(
                message: .assistant(String(text[..<place.lowerBound])),
                termination: place.upperBound == text.endIndex ? .stopSequence : .malformed)
        case .none:
            let endsText = eos != nil && tokens.last == eos
            return ParsedResponse(
                message: .assistant(tokenizer.decode(endsText ? Array(tokens.dropLast()) : tokens)),
                termination: endsText ? .eos : .malformed)
        }
    }

    /// The frames of these messages, each asked of Lua once.
    private func framed(_ messages: [Message]) throws -> WrittenFrames {
        var frames: [Message: MessageFrame] = [:]
        for message in messages where frames[message] == nil { frames[message] = try frame(message) }
        return WrittenFrames(
            name: name, tokenizer: tokenizer, stopCondition: stopCondition, beginOfText: begin.first,
            opening: Array(begin.dropFirst()), generationHeader: generationHeader, frames: frames)
    }

    private func frame(_ message: Message) throws -> MessageFrame {
        let values = try call([LuaValue(message)])
        let reader = PieceReader(renderer: name, tokenizer: tokenizer)
        guard let table = values.first?.table, table.array.isEmpty else {
            throw failure("render_message returned \(values.first?.brief ?? "nil"), not a table with header and output")
        }
        let known = ["header", "output", "ending", "separator"]
        if let field = table.fields.first(where: { !known.contains($0.name) }) {
            throw failure(
                "render_message returned a field '\(field.name)'",
                hint: NearMatches.hint(field.name, among: known, what: "it may return"))
        }
        guard !table["output"].isNone else { throw failure("render_message returned no 'output'") }
        return MessageFrame(
            header: try reader.tokens(table["header"], field: "header", isPlainText: false),
            output: try reader.tokens(table["output"], field: "output", isPlainText: true)
                + reader.tokens(table["ending"], field: "ending", isPlainText: false),
            separator: try reader.tokens(table["separator"], field: "separator", isPlainText: false))
    }

    private func failure(_ message: String, hint: String? = nil) -> LuaError {
        LuaError(
            kind: "usage", message: "renderer '\(name)': \(message)", hint: hint, cell: renderMessage.source,
            line: renderMessage.line)
    }

    /// Calls the function and waits. Renderers are asked without `await`, so this blocks a thread, never the one that
    /// runs Lua.
    private func call(_ arguments: [LuaValue]) throws -> [LuaValue] {
        guard pthread_equal(pthread_self(), luaThread) == 0 else {
            throw CookbookError.rendering("a Lua renderer cannot be used on the thread that runs Lua", renderer: name)
        }
        let future = renderMessage.start(arguments)
        let done = DispatchSemaphore(value: 0)
        future.whenDone { _ in done.signal() }
        // After an interrupt no callback runs any more; the task that asks is then cancelled.
        while done.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
            if Task.isCancelled { future.cancel() }
        }
        return try future.result?.get() ?? []
    }
}

/// A renderer of messages whose frames are known.
private struct WrittenFrames: FramedRenderer {
    let name: String
    let tokenizer: any Tokenizer
    let stopCondition: StopCondition
    let beginOfText: Int?
    let opening: [Int]
    let generationHeader: [Int]
    let frames: [Message: MessageFrame]

    func preamble(before messages: [Message]) -> [Int] { opening }
    func frame(_ message: Message) -> MessageFrame { frames[message] ?? MessageFrame(header: [], output: []) }
    func parseResponse(_ tokens: [Int]) -> ParsedResponse {
        ParsedResponse(message: .assistant(tokenizer.decode(tokens)), termination: .malformed)
    }
}

/// Reads what Lua gives as a piece of a format.
private struct PieceReader {
    let renderer: String
    let tokenizer: any Tokenizer

    /// A text, a token id, or a list of them. Control tokens are recognised in texts, unless they are what somebody
    /// says.
    func tokens(_ value: LuaValue, field: String, isPlainText: Bool) throws(CookbookError) -> [Int] {
        switch value {
        case .none: return []
        case .string(let text): return tokenizer.encode(text, parseSpecial: !isPlainText)
        case .integer(let token):
            guard (0..<tokenizer.vocabularySize).contains(token) else {
                throw .rendering("\(field): there is no token \(token)", renderer: renderer)
            }
            return [token]
        case .table(let table) where table.fields.isEmpty && table.others.isEmpty:
            var tokens: [Int] = []
            for item in table.array { tokens += try self.tokens(item, field: field, isPlainText: isPlainText) }
            return tokens
        default:
            throw .rendering("\(field) is a \(value.typeName), not a string or a list of token ids", renderer: renderer)
        }
    }

    /// Token ids where every stop is one token, else strings. The end of text always ends a reply.
    func stop(_ value: LuaValue) throws(CookbookError) -> StopCondition {
        let items = value.table?.array ?? (value.isNone ? [] : [value])
        var ids: [Int] = []
        var texts: [String] = []
        for item in items {
            if let id = item.integer {
                ids.append(id)
            } else if let text = item.string, let id = tokenizer.specialTokens[text] {
                ids.append(id)
            } else if let text = item.string {
                texts.append(text)
            } else {
                throw .rendering("stop holds a \(item.typeName), not a string or a token id", renderer: renderer)
            }
        }
        guard ids.isEmpty || texts.isEmpty else {
            throw .rendering(
                "stop mixes texts and tokens", renderer: renderer, hint: "give control tokens only, or plain texts only"
            )
        }
        if !texts.isEmpty { return .strings(texts) }
        if let eos = tokenizer.eosToken, !ids.contains(eos) { ids.append(eos) }
        return ids.isEmpty ? .none : .tokens(ids)
    }
}
