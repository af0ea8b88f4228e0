package import TinkerWire

/// How much clients may ask for. Whatever is beyond a limit is refused with a 4xx status whose text names the limit.
package struct ServerLimits: Sendable {
    /// The most bytes of a body as it is sent; `wire` bounds it after decompression.
    package var bodyBytes = 64 << 20
    /// The most bytes of the request line and all headers together.
    package var headerBytes = 64 << 10
    /// The most connections; fewer if the system lets the program open fewer files.
    package var connections = 16384
    /// After this many seconds without a request a connection is closed.
    package var idleSeconds = 300.0
    /// How long a client may take for the request line and headers.
    package var headerSeconds = 30.0
    /// How long a client may go without sending more of a body, or without taking more of an answer.
    package var stallSeconds = 60.0
    /// How long a connection that is to be closed waits for the client to close it.
    package var lingerSeconds = 5.0
    /// The most requests that are answered at a time, long polls included.
    package var openRequests = 4096
    /// The most calls of a session that wait for their result or have one that nobody has fetched.
    package var queuedCalls = 4096
    /// The most open sessions.
    package var sessions = 1024
    /// The most models of a session.
    package var modelsPerSession = 64
    /// The most samplers of a session.
    package var samplersPerSession = 4096
    /// The most continuations of one sampling request.
    package var samplesPerRequest = 1024
    /// What a single message may hold.
    package var wire = WireLimits()

    /// How long a poll for a result is held; clients give up after 45 s.
    package var pollHold: Duration = .seconds(30)
    /// After this many seconds without a heartbeat a session is closed.
    package var sessionTimeout = 300.0
    /// How long a call waits for those before it to arrive; clients repeat a call for five minutes.
    package var gapPatience = 330.0
    /// How long a result that was fetched can be fetched again.
    package var fetchedRetention = 600.0
    /// How long a result that nobody fetches is kept.
    package var unfetchedRetention = 7200.0
    /// How long a result waits to be fetched while the server is stopping.
    package var lastFetchSeconds = 3.0

    /// The defaults.
    package init() {}
}
