public import JSON

extension Wire {
    /// Registers a loss that the SDK has traced (`POST /create_custom_loss`).
    public struct CreateCustomLossRequest: Sendable, Equatable {
        /// The session that owns it.
        public var sessionID: String
        /// Counts the session's losses from 0.
        public var customLossSequenceID: Int
        /// The loss's name.
        public var name: String
        /// What it reads of each datum.
        public var inputs: [CustomLossInput]
        /// The traced operations.
        public var graph: JSONValue

        /// Made of its parts.
        public init(
            sessionID: String, customLossSequenceID: Int, name: String, inputs: [CustomLossInput], graph: JSONValue
        ) {
            self.sessionID = sessionID
            self.customLossSequenceID = customLossSequenceID
            self.name = name
            self.inputs = inputs
            self.graph = graph
        }
    }
}

extension Wire.CreateCustomLossRequest: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        sessionID = try json.value("session_id")
        customLossSequenceID = try json.value("custom_loss_seq_id")
        name = try json.value("name")
        inputs = try json.value("inputs")
        graph = try json.value("graph")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.type("create_custom_loss")
        json.member("session_id", sessionID)
        json.member("custom_loss_seq_id", customLossSequenceID)
        json.member("name", name)
        json.member("inputs", inputs)
        json.member("graph", graph)
    }
}

extension Wire {
    /// A tensor that a traced loss reads.
    public struct CustomLossInput: Sendable, Equatable {
        /// The name in `loss_fn_inputs`, or `logprobs`.
        public var name: String
        /// The number of dimensions.
        public var rank: Int

        /// Made of its parts.
        public init(name: String, rank: Int) {
            self.name = name
            self.rank = rank
        }
    }
}

extension Wire.CustomLossInput: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        name = try json.value("name")
        rank = try json.value("rank")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("name", name)
        json.member("rank", rank)
    }
}

extension Wire {
    /// The loss that was registered.
    public struct CreateCustomLossResult: Sendable, Equatable {
        /// The `loss_id` of the setting of loss `custom`.
        public var lossID: String

        /// Made of its parts.
        public init(lossID: String) {
            self.lossID = lossID
        }
    }
}

extension Wire.CreateCustomLossResult: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        lossID = try json.value("loss_id")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", "create_custom_loss")
        json.member("loss_id", lossID)
    }
}
