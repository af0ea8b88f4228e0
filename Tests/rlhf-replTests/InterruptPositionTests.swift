import Foundation
import TestSupport
import Testing

/// Ctrl-C at every position, through a pseudo-terminal: the prompt comes back and the session is intact.
@Suite(.serialized) struct InterruptPositionTests {
    @Test("at the prompt, with and without text")
    func prompt() throws {
        let repl = try Repl()
        try repl.interrupt(prompt: 1)
        repl.terminal.type("error('never')")
        try repl.interrupt(prompt: 1)
        #expect(try repl.isAlive(prompt: 1))
    }

    @Test("in a half-typed block of several lines")
    func block() throws {
        let repl = try Repl()
        repl.terminal.type("for i = 1, 2 do\rprint(i)\rif i")
        try repl.terminal.wait(forScreen: "if i")
        try repl.interrupt(prompt: 1)
        #expect(try repl.isAlive(prompt: 1))
        #expect(!repl.terminal.transcript.contains("error"))
    }

    @Test("in an incremental search")
    func search() throws {
        let repl = try Repl()
        try repl.enter("needle = 1", prompt: 2)
        repl.terminal.type("\u{12}need")
        try repl.terminal.wait(for: "(reverse-i-search)")
        try repl.interrupt(prompt: 2)
        #expect(try repl.isAlive(prompt: 2))
    }

    @Test("in a Lua loop, also inside pcall and a coroutine")
    func loop() throws {
        let repl = try Repl()
        for (index, loop) in [
            "while true do end", "while true do pcall(function() while true do end end) end",
            "coroutine.wrap(function() while true do end end)()",
        ].enumerated() {
            repl.terminal.enter("print('be' .. 'gin') " + loop)
            try repl.terminal.wait(for: "begin\n")
            #expect(try repl.interrupt(prompt: index + 2).contains("interrupted"))
        }
        #expect(try repl.isAlive(prompt: 4))
    }

    @Test("in a pattern match that would take years", arguments: ["find", "match", "gsub", "gmatch"])
    func patternMatch(function: String) throws {
        let repl = try Repl()
        let call = function == "gmatch" ? "(P)()" : function == "gsub" ? "(P, '')" : "(P)"
        repl.terminal.enter("P = ('.-'):rep(9) .. 'b' print('be' .. 'gin') local x = ('a'):rep(30000):\(function)\(call)")
        try repl.terminal.wait(for: "begin\n")
        #expect(try repl.interrupt(prompt: 2).contains("interrupted"))
        #expect(try repl.isAlive(prompt: 2))
    }

    @Test("in a shell command, which stands for every pager and editor")
    func shell() throws {
        let repl = try Repl()
        repl.terminal.enter(";echo be''gin; exec sleep 1000")
        try repl.terminal.wait(for: "begin")
        try repl.interrupt(prompt: 1)
        repl.terminal.enter("print('be' .. 'gin') os.execute('exec sleep 1000')")
        try repl.terminal.wait(for: "begin\n")
        #expect(try repl.interrupt(prompt: 2).contains("interrupted"))
        #expect(try repl.isAlive(prompt: 2))
    }

    @Test("while a script reads what is typed, which no clock disturbs", arguments: ["io.read()", "io.read('a')", "io.lines()()"])
    func read(call: String) throws {
        let repl = try Repl()
        repl.terminal.enter("print('be' .. 'gin') \(call)")
        try repl.terminal.wait(for: "begin\n")
        #expect(try repl.interrupt(prompt: 2).contains("interrupted"))
        #expect(!repl.terminal.transcript.contains("running"))
        repl.terminal.enter("print('go' .. 'es on'); ('<') .. io.read() .. '>'")
        try repl.terminal.wait(for: "goes on\n")
        repl.terminal.enter("word")
        try repl.terminal.wait(for: "<word>")
        #expect(try repl.isAlive(prompt: 3))
    }

    @Test("while a plot of very many points is made")
    func plot() throws {
        let repl = try Repl()
        repl.terminal.enter(
            "x = {} for i = 1, 200000 do x[i] = i % 977 end print('be' .. 'gin') while true do plot(x, {title = 'p'}) end")
        try repl.terminal.wait(for: "begin\n")
        #expect(try repl.interrupt(prompt: 2).contains("interrupted"))
        #expect(try repl.isAlive(prompt: 2))
    }

    @Test("in a product of large matrices")
    func matrices() throws {
        let repl = try Repl()
        repl.terminal.enter("x = rlhf.tensor.zeros(800, 800) print('be' .. 'gin') while true do x:matmul(x) end")
        try repl.terminal.wait(for: "begin\n")
        #expect(try repl.interrupt(prompt: 2).contains("interrupted"))
        #expect(try repl.enter("x:matmul(x).shape[2]", prompt: 3).contains("800"))
    }

    @Test("in training; the stage saves a checkpoint meanwhile, goes on, and ends as if nothing had been")
    func training() throws {
        let repl = try Repl(model: true)
        try repl.enter(Repl.rows, prompt: 2)
        let log = repl.folder.appending(path: "run").path
        try repl.enter(
            "function options(n) return {dataset_builder = rows, renderer_name = 'chatml', batch_size = 4, num_epochs = 500, max_steps = n, seed = 1, log_path = '\(log)'} end",
            prompt: 3)
        try repl.enter("run = rlhf.supervised.start(options(3000)); run:step(2);", prompt: 4)
        repl.terminal.enter("run:step(2998)")
        try repl.terminal.wait(forScreen: "/3000 steps", seconds: 60)
        #expect(try repl.interrupt(prompt: 5).contains("interrupted"))
        #expect(
            try repl.enter("n = run.next_step print(n >= 2, n < 3000, run.checkpoint.next_step == n)", prompt: 6).contains(
                "true\ttrue\ttrue".filter { $0 != "\t" }))
        #expect(try repl.enter("run:step(1); run.next_step == n + 1", prompt: 7).contains("true"))
        #expect(try repl.enter("again = rlhf.supervised.start(options(3000)); again.next_step >= n", prompt: 8).contains("true"))
    }

    @Test("in sampling")
    func sampling() throws {
        let repl = try Repl(model: true)
        try repl.enter("s = rlhf.ServiceClient{}:create_sampling_client{base_model = rlhf.default_model}", prompt: 2)
        repl.terminal.enter(
            "print('be' .. 'gin') while true do s:sample{prompt = rlhf.ModelInput.from_ints({3, 4}), num_samples = 64, sampling_params = rlhf.SamplingParams{max_tokens = 200}}:result() end"
        )
        try repl.terminal.wait(for: "begin\n")
        #expect(try repl.interrupt(prompt: 3).contains("interrupted"))
        #expect(try repl.isAlive(prompt: 3))
    }

    @Test("in a wait for the network")
    func network() throws {
        let asked = DispatchSemaphore(value: 0)
        let server = try ScriptedHTTPServer { _ in
            asked.signal()
            return .silence
        }
        let repl = try Repl()
        repl.terminal.enter("rlhf.ServiceClient{base_url = '\(server.url)', api_key = 'tml-none'}:get_server_capabilities()")
        #expect(asked.wait(timeout: .now() + 60) == .success)
        try repl.interrupt(prompt: 2)
        #expect(try repl.isAlive(prompt: 2))
    }

    @Test("a second press stops what goes on in the background")
    func background() throws {
        let repl = try Repl()
        // Two tasks that wait for each other.
        try repl.enter("f = rlhf.spawn(function() while not g do coroutine.yield() end g:result() end);", prompt: 2)
        try repl.enter("g = rlhf.spawn(function() f:result() end);", prompt: 3)
        // Both have come to wait: a press would stop the one that computes.
        #expect(try repl.enter("for i = 1, 9 do coroutine.yield() end; f:done() or g:done()", prompt: 4).contains("false"))
        repl.terminal.type("\u{3}")
        try repl.terminal.wait(for: "2 background tasks go on; Ctrl-C again stops them")
        repl.terminal.type("\u{3}")
        try repl.terminal.wait(for: "stopped 2 background tasks")
        #expect(try repl.enter("f:done() and g:done()", prompt: 5).contains("true"))
    }
}
