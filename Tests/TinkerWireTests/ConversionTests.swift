import Tensors
import Testing
import TinkerWire
import TrainingAPI

@Suite("Conversions")
struct ConversionTests {
    @Test("datums cross unchanged in both formats, float64 as float32")
    func datums() throws {
        let datum = Datum(
            modelInput: ModelInput(tokens: [5, 6, 7]),
            lossFnInputs: [
                "target_tokens": Tensor([6, 7, 8]), "logprobs": Tensor([-0.5, -0.25, 0] as [Float]),
                "advantages": Tensor(float64: [0.1, -1, 0]),
            ])
        let loss = try LossFunction(named: "ppo", config: ["clip_high_threshold": 1.28])
        let request = try Wire.ForwardBackwardRequest(modelID: "m", sequenceID: 4, data: [datum], loss: loss)
        for back in [
            try Wire.ForwardBackwardRequest(jsonBody: request.jsonBody()),
            try Wire.ForwardBackwardRequest(protobufBody: request.protobufBody()),
        ] {
            #expect(back == request)
            #expect(try LossFunction(named: back.lossFn, config: back.lossSettings()) == loss)
            let read = try #require(try back.datums().first)
            #expect(read.modelInput == datum.modelInput)
            #expect(read.lossFnInputs["target_tokens"]?.storage == .int64([6, 7, 8]))
            #expect(read.lossFnInputs["advantages"]?.storage == .float32([0.1, -1, 0]))
        }
    }

    @Test("several chunks of text are one input; pictures are refused by their place")
    func chunks() throws {
        let input = Wire.ModelInput(chunks: [.encodedText([1]), .encodedText([2, 3])])
        #expect(try ModelInput(input).tokens == [1, 2, 3])
        let request = Wire.ForwardBackwardRequest(
            modelID: "m", sequenceID: nil, data: [Wire.Datum(modelInput: .init(chunks: [.dmel([1])]), lossFnInputs: [:])], lossFn: "x",
            lossFnConfig: ["a": .text("b")])
        let error = #expect(throws: WireError.self) { try request.datums() }
        #expect(error?.description.hasPrefix("datum 1: chunk 1") == true)
        #expect(throws: WireError.self) { try request.lossSettings() }
    }

    @Test("no stop is an empty list, and null is the end of text")
    func stops() {
        #expect(Wire.SamplingParams(SamplingParams()).stop == .tokens([]))
        #expect(SamplingParams(Wire.SamplingParams(), endOfText: [2]).stop == .tokens([2]))
        #expect(SamplingParams(Wire.SamplingParams(stop: .tokens([])), endOfText: [2]).stop == .none)
        #expect(SamplingParams(Wire.SamplingParams(stop: .string("a")), endOfText: [2]).stop == .strings(["a"]))
        let params = SamplingParams(maxTokens: 3, temperature: 0.5, topP: 0.9, topK: 7, stop: .strings(["x"]), seed: 1)
        #expect(SamplingParams(Wire.SamplingParams(params), endOfText: []) == params)
    }

    @Test("responses keep their logprobs; SkyRL's missing first one is filled in, other counts are errors")
    func responses() throws {
        let response = SampleResponse(
            sequences: [SampledSequence(tokens: [4], logprobs: [-0.5], stopReason: .length)], promptLogprobs: [nil, -1])
        var wire = Wire.SampleResponse(response)
        #expect(try SampleResponse(wire, promptLength: 2).sequences == response.sequences)
        #expect(try SampleResponse(wire, promptLength: 2).promptLogprobs == [nil, -1])
        wire.promptLogprobs = [-1]
        #expect(try SampleResponse(wire, promptLength: 2).promptLogprobs == [nil, -1])
        #expect(throws: WireError.self) { try SampleResponse(wire, promptLength: 3) }
        wire.sequences[0].logprobs = nil
        #expect(throws: WireError.missing(path: "sequences[0].logprobs")) { try SampleResponse(wire, promptLength: 2) }
    }

    @Test("outputs of a forward pass cross with their bits")
    func outputs() throws {
        let logprobs = Tensor([-0.1, -1e-30, -88.25, 0] as [Float], shape: [2, 2])
        let output = ForwardBackwardOutput(lossFnOutputs: [["logprobs": logprobs]], metrics: ["loss:sum": 0.1])
        let wire = try Wire.ForwardBackwardOutput(output)
        for back in [
            try Wire.ForwardBackwardOutput(jsonBody: wire.jsonBody()),
            try Wire.ForwardBackwardOutput(protobufBody: wire.protobufBody()),
        ] {
            let read = ForwardBackwardOutput(back)
            #expect(read.metrics == output.metrics)
            #expect(read.lossFnOutputs[0]["logprobs"]?.storage == logprobs.storage)
            #expect(read.lossFnOutputs[0]["logprobs"]?.shape == [2, 2])
        }
    }
}
