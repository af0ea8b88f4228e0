internal import JSON

/// What a kernel says of itself.
public struct KernelDescription: Sendable {
    /// The program's version.
    public var version: String
    /// What consoles show at their start.
    public var banner: String

    /// A description by its parts.
    public init(version: String, banner: String) { (self.version, self.banner) = (version, banner) }

    /// The content of `kernel_info_reply`.
    var content: JSONValue {
        [
            "status": "ok", "protocol_version": .string(KernelMessage.protocolVersion), "implementation": "rlhf-repl",
            "implementation_version": .string(version), "banner": .string(banner), "debugger": false,
            "help_links": [["text": "Lua 5.4 Reference Manual", "url": "https://www.lua.org/manual/5.4/"]],
            "language_info": [
                "name": "lua", "version": "5.4", "mimetype": "text/x-lua", "file_extension": ".lua",
                "pygments_lexer": "lua", "codemirror_mode": "lua", "nbconvert_exporter": "",
            ],
        ]
    }
}
