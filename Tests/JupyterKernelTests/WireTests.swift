import JSON
import JupyterKernel
import Testing

/// Messages as frames, and their signatures.
struct WireTests {
    private let codec = MessageCodec(key: Array("a-secret-key".utf8))
    private let delimiter = Array("<IDS|MSG>".utf8)

    private func frames(_ parts: [String], signature: String) -> [[UInt8]] {
        [Array("client".utf8), delimiter, Array(signature.utf8)] + parts.map { Array($0.utf8) }
    }

    // hmac.new(b"a-secret-key", b"".join(parts), "sha256").hexdigest() in Python 3.11
    private let parts = [
        #"{"msg_id": "1", "msg_type": "execute_request", "session": "s"}"#, "{}", "{}", #"{"code": "1 + 1",  "silent": false}"#,
    ]
    private let signature = "32624c786955bfccc1c58fd6c2039d18ebb003c54386810b92f4d82eab3642f9"

    @Test("a message signed by Python's hmac is taken, whatever its white space")
    func foreignSignature() throws {
        let message = try codec.message(frames(parts, signature: signature) + [[1, 2]])
        #expect(message.type == "execute_request")
        #expect(message.content["code"]?.string == "1 + 1")
        #expect(message.identities == [Array("client".utf8)])
        #expect(message.buffers == [[1, 2]])
    }

    @Test("a wrong signature, a changed content, a replay and frames that are no message are refused")
    func refusals() throws {
        #expect(throws: WireError.wrongSignature) { try codec.message(frames(parts, signature: String(repeating: "0", count: 64))) }
        #expect(throws: WireError.wrongSignature) { try codec.message(frames(parts, signature: "")) }
        var changed = parts
        changed[3] = #"{"code": "1 + 2",  "silent": false}"#
        #expect(throws: WireError.wrongSignature) { try codec.message(frames(changed, signature: signature)) }
        _ = try codec.message(frames(parts, signature: signature))
        #expect(throws: WireError.replayed) { try codec.message(frames(parts, signature: signature)) }
        #expect(throws: WireError.noDelimiter) { try codec.message([[1], [2]]) }
        #expect(throws: WireError.tooFewFrames) { try codec.message([delimiter, [], [], []]) }
        let unsigned = MessageCodec(key: [])
        #expect(throws: WireError.notJSON(part: "content")) {
            try unsigned.message([delimiter, []] + ["{}", "{}", "{}", "{"].map { Array($0.utf8) })
        }
    }

    @Test("a message survives its way through frames; without a key the signature is empty")
    func roundTrip() throws {
        var message = KernelMessage(
            "stream", content: ["text": "schön\n"], session: "s", parent: ["msg_id": "7"], identities: [[0, 255]])
        message.buffers = [[], [7]]
        let sent = codec.frames(message)
        #expect(sent[2].count == 64)
        #expect(try codec.message(sent) == message)
        let unsigned = MessageCodec(key: [])
        #expect(unsigned.frames(message)[2].isEmpty)
        #expect(try unsigned.message(unsigned.frames(message)) == message)
        #expect(try unsigned.message(unsigned.frames(message)) == message)
    }
}
