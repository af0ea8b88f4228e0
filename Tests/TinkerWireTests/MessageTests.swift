import Tensors
import Testing
import TinkerWire
import TrainingAPI

@Suite("Messages")
struct MessageTests {
    private func text(_ body: [UInt8]) -> String { String(decoding: body, as: UTF8.self) }

    @Test("the sparse style leaves defaults and types out, the explicit one has them")
    func styles() {
        let step = Wire.OptimStepRequest(modelID: "m", sequenceID: 2, optimizer: .adam(AdamParams(learningRate: 0.001)))
        #expect(text(step.jsonBody(.sparse)) == #"{"adam_params":{"learning_rate":0.001},"model_id":"m","seq_id":2}"#)
        #expect(
            text(step.jsonBody(.explicit))
                == #"{"adam_params":{"learning_rate":0.001,"beta1":0.9,"beta2":0.95,"eps":1e-12,"weight_decay":0.0,"#
                + #""grad_clip_norm":0.0},"model_id":"m","seq_id":2,"type":"optim_step"}"#)
        let dimuon = Wire.OptimStepRequest(modelID: "m", sequenceID: 2, optimizer: .dimuon(Wire.DimuonParams(learningRate: 0.1)))
        #expect((try? Wire.OptimStepRequest(jsonBody: dimuon.jsonBody(.sparse))) == dimuon)
    }

    @Test("a stop is a string, strings, tokens, nothing at all or the end of text")
    func stops() throws {
        let cases: [(String, Wire.Stop)] = [
            (#"{"stop":"a"}"#, .string("a")), (#"{"stop":["a","b"]}"#, .strings(["a", "b"])), (#"{"stop":[1,2]}"#, .tokens([1, 2])),
            (#"{"stop":[]}"#, .tokens([])), (#"{"stop":null}"#, .endOfText), ("{}", .endOfText),
        ]
        for (body, stop) in cases {
            let params = try Wire.SamplingParams(jsonBody: Array(body.utf8))
            #expect(params == Wire.SamplingParams(stop: stop))
            #expect(try Wire.SamplingParams(jsonBody: params.jsonBody()) == params)
        }
        #expect(throws: WireError.self) { try Wire.SamplingParams(jsonBody: Array(#"{"stop":[1,"a"]}"#.utf8)) }
    }

    @Test("the answers to a poll are told apart")
    func futures() throws {
        typealias Reply = Wire.FutureReply<Wire.OptimStepResult>
        let cases: [(String, Reply)] = [
            (#"{"type":"try_again","queue_state":"paused_capacity"}"#, .pending(.init(requestID: nil, queueState: "paused_capacity"))),
            (#"{"status":"complete_metadata","response_payload_size":9}"#, .complete(payloadBytes: 9)),
            (#"{"error":"no","category":"user"}"#, .failed(.init(error: "no", category: .user))),
            (#"{"error":"no","category":"strange"}"#, .failed(.init(error: "no", category: .unknown))),
            (#"{"metrics":{"a:sum":1}}"#, .result(.init(metrics: ["a:sum": 1]))),
            ("{}", .result(.init(metrics: nil))),
        ]
        for (body, reply) in cases {
            #expect(try Reply(jsonBody: Array(body.utf8)) == reply)
            #expect(try Reply(jsonBody: reply.jsonBody()) == reply)
        }
        let response = Wire.SampleResponse(sequences: [.init(tokens: [1], logprobs: [-1], stopReason: .stop)])
        for (body, format) in [(try response.protobufBody(), BodyFormat.protobuf), (response.jsonBody(), .json)] {
            #expect(try Wire.FutureReply<Wire.SampleResponse>(body: body, format: format) == .result(response))
        }
    }

    @Test("every kind of chunk, setting and span crosses in every format that has it")
    func parts() throws {
        var request = Wire.ForwardBackwardRequest(
            modelID: "m", sequenceID: 3,
            data: [
                Wire.Datum(
                    modelInput: Wire.ModelInput(chunks: [
                        .encodedText([1, 2]), .dmel([7, 8]),
                        .image(.init(data: [1], format: "png", expectedTokens: 0, overrideDimensions: .init(width: 3, height: 4))),
                    ]),
                    lossFnInputs: [
                        "weights": try Wire.TensorData(
                            .float32([0.5, -2]), shape: [2, 3], sparse: .init(rowOffsets: [0, 1, 2], columns: [2, 0])),
                        "empty": try Wire.TensorData(.int64([]), shape: [0]),
                    ])
            ], lossFn: "gspo", lossFnConfig: ["mode": .text("x"), "clip": .number(0)], forwardOnly: true)
        #expect(try Wire.ForwardBackwardRequest(jsonBody: request.jsonBody()) == request)
        #expect(text(request.jsonBody()).contains(#"{"forward_input":"#))
        request.data[0].modelInputSpans = [.init(kind: .sampled, sequenceID: "id", offset: 1, length: 2)]
        request.data[0].lossFnInputSpans = [.init(kind: .prompt, sequenceID: "id", offset: 0, length: 2)]
        #expect(try Wire.ForwardBackwardRequest(protobufBody: request.protobufBody()) == request)
        let tensor = try #require(request.data[0].lossFnInputs["weights"]).tensor()
        #expect(tensor.shape == [2, 3] && tensor.floats == [0, 0, 0.5, -2, 0, 0])

        request.data[0].modelInput.chunks = [.imageAsset(location: "http://x/y.png", format: nil, expectedTokens: 3)]
        #expect(try Wire.ModelInput(jsonBody: request.data[0].modelInput.jsonBody()) == request.data[0].modelInput)
        #expect(throws: WireError.self) { try request.protobufBody() }
        request.data[0].modelInput.chunks = [.encodedText([1 << 31])]
        #expect(throws: WireError.self) { try request.protobufBody() }
    }

    @Test("outputs of different shapes and names share a record only where they fit")
    func outputs() throws {
        let output = Wire.ForwardBackwardOutput(
            lossFnOutputs: [
                ["logprobs": try .init(.float32([-1, -2]))], ["logprobs": try .init(.float32([]))],
                ["logprobs": try .init(.float32([1, 2, 3, 4]), shape: [2, 2]), "hits": try .init(.int64([-5]))],
                ["logprobs": try .init(.float32([5, 6]), shape: [1, 2]), "hits": try .init(.int64([1, 2]))], [:], [:],
                ["logprobs": try .init(.float32([]), shape: [0, 2])],
            ], metrics: ["loss:sum": -3.5, "a:mean": 0])
        #expect(try Wire.ForwardBackwardOutput(protobufBody: output.protobufBody()) == output)
        #expect(try Wire.ForwardBackwardOutput(jsonBody: output.jsonBody()) == output)
    }

    @Test("likeliest tokens cross in both formats: nulls are unused rows, short rows are padded")
    func topK() throws {
        let rows: [[Wire.TokenLogprob]?] = [
            nil, [.init(token: 3, logprob: -0.5), .init(token: 0, logprob: -1)], [.init(token: 9, logprob: -2)],
        ]
        for rows in [rows, [nil, nil], []] {
            let response = Wire.SampleResponse(
                sequences: [.init(tokens: [], logprobs: [], stopReason: .stop, topKLogprobs: rows)], promptLogprobs: [],
                topKPromptLogprobs: rows, promptCacheHitTokens: 5, targetPromptLogprobs: try .init(.float32([-1, -2]), shape: [1, 2]),
                promptAltTokens: .init(tokens: try .init(.int64([1])), logprobs: try .init(.float32([-1]))))
            #expect(try Wire.SampleResponse(jsonBody: response.jsonBody()) == response)
            #expect(try Wire.SampleResponse(protobufBody: response.protobufBody()) == response)
        }
    }

    @Test("readers map the schema's other element types")
    func dtypes() throws {
        // Fields 1 (dense), 3 (dtype), 4 (shape, not packed).
        let half: [UInt8] = [0x0a, 4, 0x80, 0x3f, 0x00, 0xc0, 0x18, 4, 0x20, 2]
        #expect(try Wire.TensorData(protobufBody: half) == Wire.TensorData(.float32([1, -2])))
        let short: [UInt8] = [0x0a, 4, 0xff, 0xff, 0xff, 0xff, 0x18, 3]
        #expect(try Wire.TensorData(protobufBody: short) == Wire.TensorData(.int64([-1])))
        #expect(throws: WireError.self) { try Wire.TensorData(protobufBody: [0x0a, 4, 0, 0, 0, 0]) }
    }

    @Test("errors are words or a list of places, and print on one line")
    func errors() throws {
        let body = #"{"detail":[{"type":"missing","loc":["body","data",0,"x"],"msg":"Field required"}]}"#
        let error = try Wire.ErrorResponse(jsonBody: Array(body.utf8))
        #expect(error.description == "body.data[0].x: Field required")
        #expect(try Wire.ErrorResponse(jsonBody: error.jsonBody()) == error)
        #expect(text(Wire.ErrorResponse("no").jsonBody()) == #"{"detail":"no"}"#)
    }

    @Test("paths of checkpoints are split by hand")
    func paths() {
        #expect(Wire.CheckpointPath("tinker://S:train:0/weights/n") == .init(run: "S:train:0", kind: .training, name: "n"))
        #expect(Wire.CheckpointPath("tinker://m/n")?.checkpointID == "n")
        for path in ["tinker://S:train:0/sampler_weights/n", "mint://a/external_weights/b", "tinker://model_1/n"] {
            #expect(Wire.CheckpointPath(path)?.description == path)
        }
        for wrong in [
            "", "tinker://", "tinker://a", "tinker://a/b/c", "tinker://a/weights/b/c", "http://a/weights/b", "tinker:///weights/b",
        ] {
            #expect(Wire.CheckpointPath(wrong) == nil)
        }
    }

    @Test("headers name formats and codings")
    func headers() {
        #expect(BodyFormat(contentType: "application/json; charset=utf-8") == .json)
        #expect(BodyFormat(contentType: "Application/X-Protobuf") == .protobuf)
        #expect(BodyFormat(contentType: "text/html") == nil)
        #expect(BodyFormat.acceptsProtobuf("application/x-protobuf, application/json"))
        #expect(!BodyFormat.acceptsProtobuf("application/json"))
        #expect(ContentCoding(contentEncoding: " ZSTD ") == .zstd)
        #expect(ContentCoding(contentEncoding: "br") == nil)
    }
}
