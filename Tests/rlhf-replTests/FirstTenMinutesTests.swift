import Foundation
import TestSupport
import Testing

/// A first-time user's ten minutes, on a tiny random model.
@Suite(.serialized) struct FirstTenMinutesTests {
    @Test("start, help, sample, look at a datum, train three steps, plot, break something, recover, quit, find the transcript")
    func story() throws {
        let repl = try Repl(model: true)
        #expect(repl.terminal.transcript.contains("embedded engine, 2 threads"))
        #expect(repl.terminal.transcript.contains("%help lists the commands"))

        #expect(try repl.enter("%help", prompt: 1).contains("%history"))
        #expect(try repl.enter("?rlhf.supervised.train", prompt: 1).contains("Fine-tunes a model on conversations."))

        try repl.enter(
            "sampler = rlhf.ServiceClient{}:create_sampling_client{base_model = rlhf.default_model}; tok = sampler:get_tokenizer()",
            prompt: 2)
        try repl.enter(
            "reply = sampler:sample{prompt = rlhf.ModelInput.from_ints(tok:encode('hello')), num_samples = 1, sampling_params = rlhf.SamplingParams{max_tokens = 8, seed = 1}}:result()",
            prompt: 3)
        #expect(try repl.enter("#reply.sequences, #reply.sequences[1].tokens > 0", prompt: 4).contains("1  true"))

        try repl.enter(Repl.rows, prompt: 5)
        try repl.enter("renderer = rlhf.renderers.get_renderer('chatml', tok)", prompt: 6)
        let datum = try repl.enter("rlhf.supervised.conversation_to_datum(rows[1].messages, renderer)", prompt: 7)
        #expect(datum.contains("27 tokens, 4 learned") && datum.contains("hello 1"))

        try repl.enter(
            "run = rlhf.supervised.start{dataset_builder = rows, renderer_name = 'chatml', batch_size = 4, learning_rate = 1e-3, log_path = '\(repl.folder.path)/run'}",
            prompt: 8)
        #expect(try repl.enter("run:step(3); run.next_step", prompt: 9).contains("3"))
        #expect(try repl.enter("run:plot('train_mean_nll')", prompt: 10).contains("train_mean_nll"))

        #expect(try repl.enter("run:step('three')", prompt: 11).contains("argument 1 expected integer"))
        let mistake = try repl.enter("rlhf.supervised.train{batchsize = 4}", prompt: 12)
        #expect(mistake.contains("error in In[11], line 1"))
        repl.terminal.enter("print('be' .. 'gin') while true do end")
        try repl.terminal.wait(for: "begin\n")
        try repl.interrupt(prompt: 13)
        #expect(try repl.enter("run.next_step", prompt: 14).contains("3"))
        #expect(try repl.enter("run:finish().final", prompt: 15).contains("true"))

        repl.terminal.enter("%quit")
        #expect(try repl.terminal.end(seconds: 60) == 0)
        let transcripts = repl.folder.appending(path: "logs/transcripts")
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: transcripts.path).first { $0.hasSuffix(".lua") })
        let text = try String(contentsOf: transcripts.appending(path: name), encoding: .utf8)
        #expect(text.contains("run:step(3); run.next_step") && text.contains("expected integer"))
    }
}
