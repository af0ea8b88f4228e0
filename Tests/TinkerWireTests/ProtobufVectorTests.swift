import Testing
import TinkerWire
import TrainingAPI

/// Vectors of the wire protocol's description, section 6, made with the SDK's own protobuf classes.
@Suite("Protobuf vectors")
struct ProtobufVectorTests {
    private func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    @Test("a request for a loss is written to the byte, and reads back")
    func forwardBackwardRequest() throws {
        let expected = bytes(
            """
            0a09533a747261696e3a3010011a380a0c0a0a0a08050000000600000012280a0d7461726765745f746f6b656e7312170a1006000000000000000700
            000000000000180222010222 0d63726f73735f656e74726f7079
            """)
        let request = Wire.ForwardBackwardRequest(
            modelID: "S:train:0", sequenceID: 1,
            data: [
                Wire.Datum(
                    modelInput: Wire.ModelInput(chunks: [.encodedText([5, 6])]),
                    lossFnInputs: ["target_tokens": try Wire.TensorData(.int64([6, 7]))])
            ], lossFn: "cross_entropy")
        #expect(try request.protobufBody() == expected)
        #expect(try Wire.ForwardBackwardRequest(protobufBody: expected) == request)
    }

    @Test("a loss's outputs are written to the byte, and read back")
    func forwardBackwardOutput() throws {
        let expected = bytes(
            """
            0a0b41727261795265636f7264122e122a0a086c6f6770726f6273121e0a08000080bf000000bf12100000000000000000080000000000000018011801
            1a130a086c6f73733a73756d11000000000000f83f
            """)
        let output = Wire.ForwardBackwardOutput(
            lossFnOutputs: [["logprobs": try Wire.TensorData(.float32([-1, -0.5]))]], metrics: ["loss:sum": 1.5])
        #expect(try Wire.ForwardBackwardOutput(protobufBody: expected) == output)
        #expect(try output.protobufBody() == expected)
    }

    @Test("a sample is written to the byte, and reads back")
    func sampleResponse() throws {
        let expected = bytes(
            "0a160801120809000000 0a0000001a08000000bf000080be12080000c07f000080bf")
        let response = Wire.SampleResponse(
            sequences: [Wire.SampledSequence(tokens: [9, 10], logprobs: [-0.5, -0.25], stopReason: .length)],
            promptLogprobs: [nil, -1])
        #expect(try response.protobufBody() == expected)
        #expect(try Wire.SampleResponse(protobufBody: expected) == response)
    }
}
