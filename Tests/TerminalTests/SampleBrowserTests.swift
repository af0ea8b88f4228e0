import Display
import Terminal
import Testing

struct SampleBrowserTests {
    private func browser(_ count: Int = 30) -> SampleBrowser {
        SampleBrowser(
            SampleList(
                title: "step 3",
                samples: (1...count).map { .init(prompt: "prompt \($0)", response: "reply \($0)", reward: Double($0 % 5)) }))
    }

    private func press(_ browser: inout SampleBrowser, _ keys: String) -> Bool {
        browser.press(Array(keys.utf8), rows: 12, columns: 60)
    }

    @Test("keys page through samples, and a screen is never longer or wider than the terminal")
    func paging() {
        var browser = browser()
        #expect(browser.screen(rows: 12, columns: 60)[0] == "step 3: 30 replies, reward mean 2, from 0 to 4  from 1")
        #expect(browser.screen(rows: 12, columns: 60)[1] == "[1] reward 1")
        #expect(press(&browser, " "))
        #expect(browser.screen(rows: 12, columns: 60)[1] == "[4] reward 4")
        #expect(press(&browser, "b"))
        #expect(browser.screen(rows: 12, columns: 60)[1] == "[1] reward 1")
        for _ in 0..<40 { _ = press(&browser, " ") }
        #expect(browser.screen(rows: 12, columns: 60).contains("[30] reward 0"))
        for (rows, columns) in [(4, 20), (12, 40), (50, 200)] {
            let screen = browser.screen(rows: rows, columns: columns)
            #expect(screen.count == rows && screen.allSatisfy { DisplayWidth.of($0) <= columns })
        }
    }

    @Test("s orders by reward, a slash searches, f shows one in full, and q and Ctrl-C leave")
    func searching() {
        var browser = browser()
        #expect(press(&browser, "s"))
        #expect(browser.screen(rows: 12, columns: 60)[1] == "[1] reward 4")
        #expect(press(&browser, "/"))
        #expect(press(&browser, "reply 17x") && press(&browser, "\u{7F}"))
        #expect(browser.screen(rows: 12, columns: 60).last == "search: reply 17")
        #expect(press(&browser, "\r"))
        #expect(browser.screen(rows: 12, columns: 60)[0].contains("1 reply"))
        #expect(press(&browser, "f"))
        #expect(press(&browser, "/") && press(&browser, "none of it") && press(&browser, "\r"))
        #expect(browser.screen(rows: 12, columns: 60)[1] == "nothing found")
        // Keys that come fast come together.
        #expect(press(&browser, "/\r\u{1B}[H\u{1B}[Bb/reply 9\r"))
        #expect(browser.screen(rows: 12, columns: 100)[0].contains("containing \"reply 9\""))
        // While typing, Ctrl-C ends the typing only.
        #expect(press(&browser, "/") && press(&browser, "\u{3}"))
        #expect(!press(&browser, "q"))
        #expect(!press(&browser, "\u{3}"))
    }
}
