import Foundation
import TestSupport
import TinkerWire

/// Bodies that the official SDK (0.15 to 0.38), MinT's, and SkyRL's server exchanged (`recorded_bodies.json`; answers of the service
/// `scripted` are made up, everything else is real). Ids aside, each body is there once.
struct RecordedBody: Decodable, Sendable {
    /// The path, or `future` and the path that the future came from.
    let kind: String
    let direction: String
    let style: String
    let service: String
    let status: Int?
    let json: String?
    let protobuf: Data?
    let coding: String?

    static func all() throws -> [RecordedBody] { try Vectors.load([RecordedBody].self, "recorded_bodies", in: .module) }

    /// The body as it was sent.
    var bytes: [UInt8] { protobuf.map { Array($0) } ?? Array((json ?? "").utf8) }

    var jsonStyle: JSONStyle { style == "sparse" ? .sparse : .explicit }
}

/// A type of message: how its bodies are read, written and read again.
struct Codec: Sendable {
    /// Reads a body and returns it written once more, in the same format. Throws if what is read from that is not equal.
    let again: @Sendable (_ body: [UInt8], _ style: JSONStyle, _ limits: WireLimits) throws -> [UInt8]

    private struct NotEqual: Error { let written: String }

    static func json<Message: JSONMessage>(_: Message.Type) -> Codec {
        Codec { body, style, limits in
            let message = try Message(jsonBody: body, limits: limits)
            let written = message.jsonBody(style)
            guard try Message(jsonBody: written, limits: limits) == message else {
                throw NotEqual(written: String(decoding: written, as: UTF8.self))
            }
            return written
        }
    }

    static func protobuf<Message: ProtobufMessage>(_: Message.Type) -> Codec {
        Codec { body, _, limits in
            let message = try Message(protobufBody: body, limits: limits)
            let written = try message.protobufBody()
            guard try Message(protobufBody: written, limits: limits) == message else {
                throw NotEqual(written: "\(written)")
            }
            return written
        }
    }

    /// What a recorded body is.
    static func of(_ body: RecordedBody) -> Codec? {
        if body.protobuf != nil {
            switch body.kind {
            case "/forward_backward": return .protobuf(Wire.ForwardBackwardRequest.self)
            case "future /forward_backward", "future /forward": return .protobuf(Wire.ForwardBackwardOutput.self)
            case "future /asample": return .protobuf(Wire.SampleResponse.self)
            default: return nil
            }
        }
        if let status = body.status, status >= 400, status != 408 { return .json(Wire.ErrorResponse.self) }
        return body.direction == "request" ? request(body.kind) : response(body.kind)
    }

    private static func request(_ path: String) -> Codec? {
        switch path {
        case "/client/config", "/client/dynamic_config": .json(Wire.ClientConfigRequest.self)
        case "/auth/token": .json(Wire.TokenRequest.self)
        case "/create_session": .json(Wire.CreateSessionRequest.self)
        case "/session_heartbeat": .json(Wire.SessionHeartbeatRequest.self)
        case _ where path.hasSuffix("/finish"): .json(Wire.FinishSessionRequest.self)
        case "/telemetry": .json(Wire.TelemetryRequest.self)
        case "/create_model": .json(Wire.CreateModelRequest.self)
        case "/get_info": .json(Wire.ModelInfoRequest.self)
        case "/forward_backward", "/forward": .json(Wire.ForwardBackwardRequest.self)
        case "/optim_step": .json(Wire.OptimStepRequest.self)
        case "/save_weights": .json(Wire.SaveWeightsRequest.self)
        case "/save_weights_for_sampler": .json(Wire.SaveWeightsForSamplerRequest.self)
        case "/save_weights_external": .json(Wire.SaveWeightsExternalRequest.self)
        case "/load_weights": .json(Wire.LoadWeightsRequest.self)
        case "/weights_info": .json(Wire.WeightsInfoRequest.self)
        case "/create_custom_loss": .json(Wire.CreateCustomLossRequest.self)
        case "/create_sampling_session": .json(Wire.CreateSamplingSessionRequest.self)
        case "/join_sampling_session": .json(Wire.JoinSamplingSessionRequest.self)
        case "/asample": .json(Wire.SampleRequest.self)
        case "/retrieve_future": .json(Wire.RetrieveFutureRequest.self)
        case "/retrieve_futures": .json(Wire.RetrieveFuturesRequest.self)
        case _ where path.hasSuffix("/ttl"): .json(Wire.TimeToLiveRequest.self)
        case "/mint/checkpoints/interpolate": .json(Wire.InterpolateCheckpointsRequest.self)
        case "/mint/forward_backward_reverse_kl": .json(Wire.ReverseKLRequest.self)
        default: nil
        }
    }

    private static func response(_ kind: String) -> Codec? {
        switch kind {
        case "/client/config": .json(Wire.ClientConfig.self)
        case "/client/dynamic_config": .json(Wire.DynamicConfig.self)
        case "/auth/token": .json(Wire.TokenResponse.self)
        case "/create_session": .json(Wire.CreateSessionResponse.self)
        case "/session_heartbeat": .json(Wire.SessionHeartbeatResponse.self)
        case "/telemetry": .json(Wire.TelemetryResponse.self)
        case "/get_server_capabilities": .json(Wire.ServerCapabilities.self)
        case "/get_info": .json(Wire.ModelInfo.self)
        case "/weights_info": .json(Wire.WeightsInfo.self)
        case "/create_sampling_session": .json(Wire.CreateSamplingSessionResponse.self)
        case "/join_sampling_session": .json(Wire.JoinSamplingSessionResponse.self)
        case _ where kind.hasPrefix("/samplers/"): .json(Wire.SamplerInfo.self)
        case "/retrieve_futures": .json(Wire.RetrieveFuturesResponse.self)
        case "/training_runs": .json(Wire.TrainingRunList.self)
        case "/sessions": .json(Wire.SessionList.self)
        case _ where kind.hasPrefix("/sessions/"): .json(Wire.SessionInfo.self)
        case _ where kind.hasSuffix("/checkpoints"): .json(Wire.CheckpointList.self)
        case _ where kind.hasSuffix("/external_weights_urls"): .json(Wire.ExternalWeightsLocations.self)
        case _ where kind.hasPrefix("/training_runs/"): .json(Wire.TrainingRun.self)
        case "future /create_model": .json(Wire.FutureReply<Wire.CreateModelResult>.self)
        case "future /forward_backward", "future /forward": .json(Wire.FutureReply<Wire.ForwardBackwardOutput>.self)
        case "future /optim_step": .json(Wire.FutureReply<Wire.OptimStepResult>.self)
        case "future /asample": .json(Wire.FutureReply<Wire.SampleResponse>.self)
        case "future /save_weights": .json(Wire.FutureReply<Wire.SaveWeightsResult>.self)
        case "future /save_weights_for_sampler": .json(Wire.FutureReply<Wire.SaveWeightsForSamplerResult>.self)
        case "future /save_weights_external": .json(Wire.FutureReply<Wire.SaveWeightsExternalResult>.self)
        case "future /load_weights": .json(Wire.FutureReply<Wire.LoadWeightsResult>.self)
        case "future /create_custom_loss": .json(Wire.FutureReply<Wire.CreateCustomLossResult>.self)
        case "future /mint/checkpoints/interpolate": .json(Wire.FutureReply<Wire.InterpolateCheckpointsResult>.self)
        case "future /mint/forward_backward_reverse_kl": .json(Wire.FutureReply<Wire.ReverseKLResult>.self)
        // Every other request is queued.
        case _ where kind.hasPrefix("/"): .json(Wire.QueuedResponse.self)
        default: nil
        }
    }
}
