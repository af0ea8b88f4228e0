import TrainingAPI

/// An error that knows how to present itself to a user; other targets adapt their error enums to it.
public protocol UserFacingError: Error {
    /// One of `usage data model io network service cancelled internal`.
    var kind: String { get }
    /// What was wrong.
    var message: String { get }
    /// What to do about it, if there is something to say.
    var hint: String? { get }
}

/// An error as Lua sees it: Lua's own, or a Swift error on its way through Lua.
public struct LuaError: UserFacingError, Equatable {
    /// One of `usage data model io network service cancelled internal`.
    public var kind: String
    /// What was wrong.
    public var message: String
    /// What to do about it.
    public var hint: String?
    /// The chunk where it was raised, for instance `cell[3]`.
    public var cell: String?
    /// The line of that chunk, from 1.
    public var line: Int?
    /// Lua frames from the innermost outwards, one a line.
    public var traceback: String?

    /// An error by its parts.
    public init(
        kind: String, message: String, hint: String? = nil, cell: String? = nil, line: Int? = nil,
        traceback: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.cell = cell
        self.line = line
        self.traceback = traceback
    }

    /// Any Swift error as Lua shall see it.
    public init(_ error: any Error) {
        switch error {
        case let error as LuaError: self = error
        case let error as any UserFacingError:
            self.init(kind: error.kind, message: error.message, hint: error.hint)
        case let error as TrainingError:
            self.init(kind: error.kind.rawValue, message: error.description, hint: error.hint)
        case is CancellationError: self = .cancelled
        default: self.init(kind: "internal", message: "\(error)")
        }
    }

    /// A wrong use: what, and what to do about it.
    public static func usage(_ message: String, hint: String? = nil) -> LuaError {
        LuaError(kind: "usage", message: message, hint: hint)
    }

    /// The error of work that was cancelled.
    public static let cancelled = LuaError(kind: "cancelled", message: "cancelled")

    static let outOfMemory = LuaError.usage("not enough memory")

    var isOutOfMemory: Bool { message == Self.outOfMemory.message }

    static let closed = LuaError(kind: "cancelled", message: "the session has been closed")

    init(_ value: LuaValue) {
        guard case .table(let table) = value, let message = table["message"].string else {
            self.init(kind: "internal", message: "an error without a message")
            return
        }
        self.init(
            kind: table["kind"].string ?? "usage", message: message, hint: table["hint"].string,
            cell: table["cell"].string,
            line: table["line"].integer, traceback: table["traceback"].string)
    }
}

extension LuaError: CustomStringConvertible {
    /// One line: place, message, hint.
    public var description: String {
        let place = if let cell, let line { "\(cell):\(line): " } else { "" }
        return place + message + (hint.map { " (\($0))" } ?? "")
    }
}
