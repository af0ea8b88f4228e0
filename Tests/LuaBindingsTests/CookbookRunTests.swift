import Cookbook
import Display
import Foundation
import LuaBindings
import LuaRuntime
import Synchronization
import Testing

@Suite("Runs in Lua")
struct CookbookRunTests {
    private static let train = """
        local run = rlhf.supervised.train{dataset_builder = chats, renderer_name = "chatml", batch_size = 2, num_epochs = 2,
          learning_rate = 0.3, test_size = 2, eval_every = 2, save_every = 2, log_path = "{FOLDER}/sft"}

        """

    @Test("a supervised run has metrics by column, checkpoints and the last batch")
    func supervised() async throws {
        let outcome = try await CookbookSession().run(
            Sources.chats + Self.train,
            """
            local nll, test = run.metrics["train_mean_nll"], run.metrics["test/nll"]
            return nll.n, nll[1] > nll[4], test[1] ~= nil, test[2], #run.metrics, run.metrics:last("test/nll") < test[1],
              run.checkpoint.name, run.checkpoint.final, run.checkpoint.state_path:match("^tinker://.*/weights/final$") ~= nil,
              run.checkpoint.sampler_path:match("/sampler_weights/final$") ~= nil, #run.last.datums, run.next_step, run.is_finished
            """)
        #expect(outcome.error == nil)
        #expect(outcome.shown == "5 true true nil 5 true final true true true 2 4 true")
    }

    @Test("the same log_path goes on, and the stepping form takes as many steps as it is told")
    func stepping() async throws {
        let session = CookbookSession()
        let outcome = try await session.run(
            Sources.chats,
            """
            local options = {dataset_builder = chats, renderer_name = "chatml", batch_size = 2, num_epochs = 2, log_path = "{FOLDER}/s"}
            local run = rlhf.supervised.start(options)
            local before = {run.next_step, run.total_steps, run.last, run.checkpoint}
            local row = run:step(2)
            local last, checkpoint = run.last.step, run:finish()
            local again = rlhf.supervised.start(options)
            return before[1], before[2], before[3], row.num_sequences, last, checkpoint.next_step, again.next_step, again:step(9) ~= nil,
              again:step()
            """)
        #expect(outcome.error == nil)
        #expect(outcome.shown == "0 6 nil 2 1 2 2 true nil")
        #expect(session.progress.notes.withLock { $0 }.contains { $0.contains("going on from checkpoint final") })
    }

    @Test("without a log_path a run gets a dated folder of its own")
    func datedFolder() async throws {
        let session = CookbookSession()
        let outcome = try await session.run(
            Sources.chats,
            """
            local options = {dataset_builder = chats, renderer_name = "chatml", batch_size = 6}
            return rlhf.supervised.train(options).log_path, rlhf.supervised.train(options).log_path
            """)
        #expect(outcome.error == nil)
        let paths = outcome.shown.split(separator: " ")
        #expect(
            paths.count == 2 && paths[0].hasPrefix(session.folder + "/1970-01-01-")
                || paths[0].hasPrefix(session.folder + "/1969"))
        #expect(paths[0].hasSuffix("-sft") && paths[1] == paths[0] + "-2")
    }

    @Test("a metric that no step has is an error with near matches, and plots show what there is")
    func metrics() async throws {
        let session = CookbookSession()
        let outcome = try await session.run(
            Sources.chats + Self.train, "run:plot({'test/nll', 'train_mean_nll'}, {title = 'NLL', file = '{FOLDER}/x.svg'})",
            "return run.metrics['train_mean_nl']")
        #expect(outcome.printed.hasPrefix("NLL\n"))
        #expect(outcome.error?.message == "no step has a metric 'train_mean_nl'")
        #expect(outcome.error?.hint == "did you mean 'train_mean_nll'?")
        let plot = try #require(session.plots.withLock { $0 }.first)
        #expect(FileManager.default.fileExists(atPath: session.folder + "/x.svg"))
        #expect(plot.series.map(\.name) == ["test/nll", "train_mean_nll"])
        #expect(plot.series[0].x == [0, 2, 4] && plot.series[0].y.count == 3)
    }

    @Test("Ctrl-C stops a run, which saves a checkpoint; whoever asks for it waits for it")
    func interrupt() async throws {
        let session = CookbookSession()
        session.progress.interruptAt.withLock { $0 = ("supervised", 2) }
        let source = """
            return rlhf.supervised.train{dataset_builder = chats, renderer_name = "chatml", batch_size = 1, num_epochs = 40,
              save_every = 0, log_path = "{FOLDER}/stopped"}
            """
        let outcome = try await session.run(Sources.chats, source)
        #expect(outcome.error?.kind == "cancelled")
        session.progress.interruptAt.withLock { $0 = nil }
        let later = try await session.run(
            "return rlhf.checkpoint_utils.get_last_checkpoint('{FOLDER}/stopped').next_step >= 2")
        #expect(later.shown == "true")
    }

    @Test("a preference model is trained, opened, asked and measured")
    func preference() async throws {
        let outcome = try await CookbookSession().run(
            Sources.pairs,
            """
            local rm = rlhf.preference.train_bradley_terry{dataset_builder = pairs_, renderer_name = "chatml", batch_size = 3,
              num_epochs = 4, learning_rate = 0.3, test_size = 4, eval_every = 0, log_path = "{FOLDER}/rm"}
            local pm = rlhf.preference.model(rm.checkpoint.sampler_path)
            local comparison = {prompt_conversation = "q1", completion_A = "zzz 1", completion_B = "please 1"}
            local report = pm:evaluate(rlhf.datasets.comparisons{rows = pairs_, test_size = 4})
            return pm.kind, pm.verdict.passed, pm:compare(comparison) > 0, #pm:compare_many{comparison, comparison}, report.count,
              report.accuracy > 0.9, report.by_category.odd ~= nil,
              pm:score{{role = "user", content = "q"}, {role = "assistant", content = "please"}} >
              pm:score{{role = "user", content = "q"}, {role = "assistant", content = "zzz"}}
            """)
        #expect(outcome.error == nil)
        #expect(outcome.shown == "bradley_terry true true 2 4 true true true")
    }

    @Test("another session opens a preference model by its sampler path, though the run's folder is gone")
    func preferenceOfAnotherSession() async throws {
        let first = CookbookSession()
        let trained = try await first.run(
            Sources.pairs,
            """
            local rm = rlhf.preference.train_bradley_terry{dataset_builder = pairs_, renderer_name = "chatml", batch_size = 3,
              max_steps = 1, test_size = 4, eval_every = 0, log_path = "{FOLDER}/elsewhere/a/b/c/rm"}
            return rm.checkpoint.sampler_path
            """)
        let path = trained.shown
        try FileManager.default.removeItem(atPath: first.folder + "/elsewhere")
        // The folders that the first session remembers go with its context; the service and the index stay.
        let later = try await first.run(
            "local pm = rlhf.preference.model('\(path)')\nreturn pm.kind, pm.verdict.report.count")
        #expect(later.error == nil)
        #expect(later.shown == "bradley_terry 4")
    }

    @Test("a report prints its figures, and an evaluation tells how many rows are done")
    func report() async throws {
        let session = CookbookSession()
        let outcome = try await session.run(
            """
            local rows = {}
            for i = 1, 40 do rows[i] = {prompt = "q" .. i, chosen = "ok", rejected = "long one", failure = i % 2 == 0 and "a" or "b"} end
            print(rlhf.preference.rule():evaluate(rows))
            """)
        #expect(outcome.error == nil)
        #expect(
            outcome.printed == """
                40 pairs with a winner, 0 ties
                accuracy           1.000   both orders averaged 1.000
                order agreement    1.000   position bias +0.000
                calibration error  0.000
                by kind            a 1.000, b 1.000

                """)
        let reports = session.progress.reports.withLock { $0 }
        #expect(reports.map(\.done) == [0, 16, 32, 40])
        #expect(reports.allSatisfy { $0.unit == "row" && $0.total == 40 })
    }

    @Test("a comparator compares and does not score")
    func comparator() async throws {
        let outcome = try await CookbookSession().run(
            Sources.pairs,
            """
            local rm = rlhf.preference.train_comparator{dataset_builder = pairs_, renderer_name = "chatml", batch_size = 3,
              learning_rate = 0.3, swap = true, max_steps = 1, log_path = "{FOLDER}/rm"}
            local pm = rlhf.preference.model(rm.checkpoint.sampler_path, {log_path = rm.log_path, hard = true})
            print(pm.kind, #rm.last.comparisons)
            pm:score{{role = "user", content = "q"}, {role = "assistant", content = "please"}}
            """)
        #expect(outcome.printed == "comparator\t6\n")
        #expect(outcome.error?.message.contains("does not score one") == true)
    }

    @Test("DPO trains a policy from where SFT left it; the checkpoint samples and names the reference")
    func dpo() async throws {
        let session = CookbookSession()
        let outcome = try await session.run(
            Sources.chats + Self.train, Sources.pairs,
            """
            local options = {dataset_builder = pairs_, renderer_name = "chatml", batch_size = 4, num_epochs = 4, test_size = 4,
              learning_rate = 0.1, dpo_beta = 0.2, load_checkpoint_path = run.checkpoint.state_path, log_path = "{FOLDER}/dpo"}
            local first = rlhf.preference.start_dpo(options)
            local row, last = first:step(1), first.last
            local stage, size, loss = first.stage, #last.reference_logprobs, row.dpo_loss
            local dpo = rlhf.preference.train_dpo(options)
            local tested = dpo.metrics["test/accuracy"]
            """,
            """
            return stage, size, #last.comparisons, loss == math.log(2), row.accuracy, tested[1], dpo.metrics:last("test/accuracy"),
              dpo.metrics:last("test/margin") > 0, dpo.checkpoint.dpo_reference_path:match("/sampler_weights/dpo_reference$") ~= nil
            """,
            """
            local sampler = rlhf.ServiceClient{}:create_sampling_client{model_path = dpo.checkpoint.sampler_path}
            return #sampler:sample{prompt = rlhf.ModelInput.from_ints{65}, sampling_params = {max_tokens = 2}}:result().sequences
            """)
        #expect(outcome.error == nil)
        #expect(outcome.cells.suffix(2) == ["dpo 8 4 true 0.0 0.0 1.0 true true", "1"])
        let help = session.registry.helpText("rlhf.preference.train_dpo") ?? ""
        #expect(help.contains("dpo_beta") && help.contains("rlhf.datasets.starter.comparisons{}"))
    }

    @Test("what DPO cannot work with is named")
    func wrongDPO() async throws {
        let beta = try await CookbookSession().run(
            Sources.pairs, "rlhf.preference.train_dpo{dataset_builder = pairs_, renderer_name = 'chatml', dpo_beta = 0}")
        #expect(beta.error?.message == "dpo_beta is 0.0, but must be a number above 0")
        let none = try await CookbookSession().run("rlhf.preference.train_dpo{dpo_beta = 0.1}")
        #expect(none.error?.message.contains("dataset_builder") == true)
    }

    @Test("wrong comparisons are named")
    func wrongComparison() async throws {
        let outcome = try await CookbookSession().run(
            "rlhf.preference.rule():compare{prompt_conversation = 'q', completion_a = 'x', completion_B = 'y'}")
        #expect(outcome.error?.message == "PreferenceModel:compare: a comparison has no field 'completion_a'")
        #expect(outcome.error?.hint == "did you mean 'completion_A'?")
        let rule = try await CookbookSession().run(
            """
            local rule = rlhf.preference.rule(function(c)
              return #c.completion_A[1].content > 3 and 1 or "no"
            end)
            print(rule:compare{prompt_conversation = 'q', completion_A = 'long one', completion_B = 'y'})
            rule:compare{prompt_conversation = 'q', completion_A = 'x', completion_B = 'y'}
            """)
        #expect(rule.printed == "1.0\n")
        #expect(rule.error?.message == "the preference function returned \"no\"")
    }
}
