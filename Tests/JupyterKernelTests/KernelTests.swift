import Display
import JSON
import JupyterKernel
import Testing

/// A kernel driven over sockets of the loopback interface.
@Suite(.serialized) struct KernelTests {
    @Test("a cell publishes its input, what it prints and its value; the next cell has its locals and the next number")
    func execution() throws {
        let client = try KernelClient()
        let (content, messages) = try client.execute("local a = 6; print('one'); print('two')\na * 7")
        #expect(content["status"]?.string == "ok")
        #expect(messages.map(\.type) == ["execute_input", "stream", "execute_result"])
        #expect(messages[1].content == ["name": "stdout", "text": "one\ntwo\n"])
        #expect(messages[2].content["data"] == ["text/plain": "42"])
        let next = try client.execute("a")
        #expect(next.content["execution_count"]?.number?.integer == 2)
        #expect(next.messages.last?.content["data"] == ["text/plain": "6"])
        #expect(try client.beat("still here") == "still here")
        #expect(try client.stop().type == "shutdown_reply")
    }

    @Test("an error has its place, and what was queued behind it is aborted; without stop_on_error it runs")
    func errors() throws {
        let client = try KernelClient()
        let ids = try ["\nerror('on purpose')", "ran = true"].map { try client.send("execute_request", ["code": .string($0)]) }
        let content = try client.answer(to: ids[0])
        #expect(content["status"]?.string == "error")
        #expect(content["evalue"]?.string == "on purpose")
        let traceback = content["traceback"]?.array?.compactMap(\.string) ?? []
        #expect(traceback.first == "error in In[1], line 2")
        #expect(try client.answer(to: ids[1])["status"]?.string == "aborted")
        #expect(try client.published(about: ids[0]).map(\.type) == ["execute_input", "error"])
        #expect(try client.execute("ran").messages.last?.content["data"] == ["text/plain": "nil"])
        let later = try ["error('again')", "ran = true"].map {
            try client.send("execute_request", ["code": .string($0), "stop_on_error": false])
        }
        #expect(try later.map { try client.answer(to: $0)["status"]?.string } == ["error", "ok"])
        _ = try client.stop()
    }

    @Test("help goes to the client's pager and not into the cell's output")
    func pager() throws {
        let client = try KernelClient()
        for code in ["?repl.run", " repl.run?", "%help repl.run", "%help"] {
            let (content, messages) = try client.execute(code)
            #expect(messages.map(\.type) == ["execute_input"])
            let page = content["payload"]?.array?.first
            #expect(page?["source"]?.string == "page" && page?["start"]?.number?.integer == 0)
            #expect(page?["data"]?["text/plain"]?.string?.contains(code == "%help" ? "%history" : "repl.run") == true)
        }
        #expect(try client.execute("%helpless").content["status"]?.string == "error")
        #expect(try client.execute("print('out')").messages.map(\.type) == ["execute_input", "stream"])
        _ = try client.stop()
    }

    @Test("a cleared display takes away what a cell has given, at once or with what comes next")
    func clear() throws {
        let client = try KernelClient()
        let (_, messages) = try client.execute(
            "print('old') clear() print('new') clear(true) print('newest')")
        #expect(messages.map(\.type) == ["execute_input", "stream", "clear_output", "stream", "clear_output", "stream"])
        #expect(messages.filter { $0.type == "clear_output" }.map { $0.content["wait"] } == [false, true])
        _ = try client.stop()
    }

    @Test("an interrupt ends a loop that swallows errors; the session goes on")
    func interrupt() throws {
        let client = try KernelClient()
        let id = try client.send("execute_request", ["code": "x = 1; print('begun'); while true do pcall(error) end"])
        // One that came before the cell would not be for it.
        try client.waitForText("begun\n")
        #expect(try client.sendOnControl("interrupt_request").type == "interrupt_reply")
        #expect(try client.answer(to: id)["status"]?.string == "error")
        #expect(try client.execute("x").messages.last?.content["data"] == ["text/plain": "1"])
        _ = try client.stop()
    }

    @Test("io.read asks the client; where nobody can be asked it fails, and an interrupt ends the question")
    func input() throws {
        let client = try KernelClient()
        var id = try client.send("execute_request", ["code": "return io.read(), io.read('n')", "allow_stdin": true])
        #expect(try client.question().content["prompt"]?.string == "")
        try client.answerQuestion("Ada")
        _ = try client.question()
        try client.answerQuestion("4")
        #expect(try client.answer(to: id)["status"]?.string == "ok")
        #expect(try client.published(about: id).last?.content["data"] == ["text/plain": "\"Ada\"  4"])
        let refused = try client.execute("io.read()", options: [("allow_stdin", false)])
        #expect(refused.content["evalue"]?.string?.contains("nobody can be asked") == true)
        id = try client.send("execute_request", ["code": "io.read()", "allow_stdin": true])
        _ = try client.question()
        _ = try client.sendOnControl("interrupt_request")
        #expect(try client.answer(to: id)["status"]?.string == "error")
        _ = try client.stop()
    }

    @Test("silent cells publish nothing, unstored ones have no number, expressions of the user are evaluated")
    func quietCells() throws {
        let client = try KernelClient()
        let silent = try client.execute("y = 3; print('unheard')", options: [("silent", true)])
        #expect(silent.content["status"]?.string == "ok")
        #expect(silent.messages.isEmpty)
        let unstored = try client.execute("y", options: [("store_history", false)])
        #expect(unstored.messages.last?.type == "execute_result")
        let stored = try client.execute("y", options: [("user_expressions", ["good": "y + 1", "bad": "nil + 1"])])
        #expect(stored.content["execution_count"]?.number?.integer == 1)
        #expect(stored.content["user_expressions"]?["good"]?["data"] == ["text/plain": "4"])
        #expect(stored.content["user_expressions"]?["bad"]?["status"]?.string == "error")
        _ = try client.stop()
    }

    @Test("code is complete, incomplete with an indentation, or invalid; names are completed and explained in code points")
    func code() throws {
        let client = try KernelClient()
        func status(_ code: String) throws -> JSONValue { try client.reply("is_complete_request", ["code": .string(code)]) }
        #expect(try status("1 + 1") == ["status": "complete"])
        #expect(try status("  for i = 1, 2 do") == ["status": "incomplete", "indent": "      "])
        #expect(try status("x = {1,") == ["status": "incomplete", "indent": ""])
        #expect(try status("x = = 1") == ["status": "invalid"])
        let completion = try client.reply("complete_request", ["code": "s = '😀é'; string.form .. 'x'", "cursor_pos": 21])
        #expect(completion["matches"] == ["string.format"])
        #expect(completion["cursor_start"]?.number?.integer == 10)
        #expect(completion["cursor_end"]?.number?.integer == 21)
        _ = try client.execute("value = 5")
        let inspection = try client.reply("inspect_request", ["code": "value + 1", "cursor_pos": 3])
        #expect(inspection["found"] == true)
        #expect(inspection["data"]?["text/plain"]?.string?.contains("5") == true)
        #expect(try client.reply("inspect_request", ["code": "1 + ", "cursor_pos": 4])["found"] == false)
        _ = try client.stop()
    }

    @Test("the history gives the last entries, a range, or those that fit a pattern")
    func history() throws {
        let client = try KernelClient()
        for code in ["1 + 1", "print('x')", "1 + 1"] { _ = try client.execute(code) }
        func inputs(_ request: JSONValue) throws -> [JSONValue] {
            try client.reply("history_request", request)["history"]?.array ?? []
        }
        #expect(try inputs(["hist_access_type": "tail", "n": 2]) == [[1, 2, "print('x')"], [1, 3, "1 + 1"]])
        let range = try inputs([
            "hist_access_type": "range", "session": 0, "start": 1, "stop": 2, "output": true,
        ])
        #expect(range == [[1, 1, ["1 + 1", "2"]]])
        #expect(try inputs(["hist_access_type": "search", "pattern": "1*", "unique": true]) == [[1, 3, "1 + 1"]])
        _ = try client.stop()
    }

    @Test("progress is one display that changes and ends with its last line; text that was printed before comes before it")
    func progress() throws {
        let client = try KernelClient()
        // The last request is what later news belong to.
        let id = try client.send("execute_request", ["code": "spawned = true"])
        _ = try client.answer(to: id)
        _ = try client.published(about: id)
        client.output.write("first\n", to: .stdout)
        for (text, isLast) in [("1/3", false), ("2/3", false), ("3/3", true), ("late", true)] {
            client.output.showProgress(text, isLast: isLast)
        }
        client.output.showProgress("1/2")
        let end = try client.send("kernel_info_request", [:])
        _ = try client.answer(to: end)
        let messages = try client.publishedMessages(until: end)
        #expect(messages.map(\.type) == ["stream", "display_data", "update_display_data", "update_display_data", "display_data"])
        #expect(messages.allSatisfy { $0.parentHeader["msg_id"]?.string == id })
        #expect(messages[1...].map { $0.content["data"]?["text/plain"]?.string } == ["1/3", "2/3", "3/3", "1/2"])
        let displays = messages[1...].map { $0.content["transient"]?["display_id"]?.string ?? "" }
        #expect(Set(displays[..<3]).count == 1 && displays[3] != displays[0])
        _ = try client.stop()
    }

    @Test("plots are SVG and tables HTML, both with their text")
    func richOutput() throws {
        let client = try KernelClient()
        let id = try client.send("execute_request", ["code": ""])
        _ = try client.answer(to: id)
        client.output.show(.plot(Plot(series: [Plot.Series("", y: [1, 2])])), isResult: false)
        client.output.show(.table(DisplayTable(columns: ["name"], rows: [["x"]])), isResult: true)
        let end = try client.send("kernel_info_request", [:])
        let shown = try client.publishedMessages(until: end).filter { $0.content["data"] != nil }
        #expect(shown.map(\.type) == ["display_data", "execute_result"])
        #expect(shown[0].content["data"]?["image/svg+xml"]?.string?.hasPrefix("<svg") == true)
        #expect(shown[1].content["data"]?["text/html"]?.string?.contains("<table") == true)
        #expect(shown.allSatisfy { $0.content["data"]?["text/plain"]?.string?.isEmpty == false })
        _ = try client.stop()
    }

    @Test("a kernel ends while a cell runs that swallows errors")
    func shutdown() throws {
        let client = try KernelClient()
        try client.send("execute_request", ["code": "while true do pcall(error) end"])
        #expect(try client.stop().content["status"]?.string == "ok")
    }
}
