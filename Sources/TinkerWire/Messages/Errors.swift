public import JSON

extension Wire {
    /// What the body of a failed exchange says.
    public struct ErrorResponse: Sendable, Equatable {
        /// One thing that is wrong with a request.
        public struct Issue: Sendable, Equatable {
            /// The kind of mistake, for instance `missing`.
            public var kind: String
            /// Where it is: keys and indices from the outside in.
            public var location: [JSONValue]
            /// What is wrong.
            public var message: String
            /// What was there.
            public var input: JSONValue?

            /// Made of its parts.
            public init(kind: String, location: [JSONValue], message: String, input: JSONValue? = nil) {
                self.kind = kind
                self.location = location
                self.message = message
                self.input = input
            }
        }

        /// What went wrong.
        public enum Detail: Sendable, Equatable {
            /// In words.
            case text(String)
            /// A request that does not fit the schema (status 422).
            case issues([Issue])
        }

        /// What went wrong.
        public var detail: Detail

        /// An error in words.
        public init(_ text: String) { detail = .text(text) }

        /// An error of these details.
        public init(detail: Detail) { self.detail = detail }
    }
}

extension Wire.ErrorResponse: CustomStringConvertible {
    /// One line for people, for instance `forward_backward_input.loss_fn: Input should be ...`.
    public var description: String {
        switch detail {
        case .text(let text): text
        case .issues(let issues): issues.map(\.description).joined(separator: "; ")
        }
    }
}

extension Wire.ErrorResponse.Issue: CustomStringConvertible {
    /// Where and what, in one line.
    public var description: String {
        let place = location.reduce("") { path, part in
            switch part {
            case .number(let index): path + "[\(index.text)]"
            case .string(let key): path.isEmpty ? key : path + "." + key
            default: path
            }
        }
        return place.isEmpty ? message : place + ": " + message
    }
}

extension Wire.ErrorResponse: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        let detail = try json.optional("detail") { detail throws(WireError) -> Detail in
            if detail.isString { return .text(try detail.string()) }
            guard detail.isList else { throw detail.mismatch("a string or a list") }
            return .issues(try [Issue](json: detail))
        }
        guard let detail else { throw .missing(path: "detail") }
        self.detail = detail
    }

    package func writeMembers(to json: inout JSONWriter) {
        switch detail {
        case .text(let text): json.member("detail", text)
        case .issues(let issues): json.member("detail", issues)
        }
    }
}

extension Wire.ErrorResponse.Issue: JSONMessage {
    package init(json: JSONNode) throws(WireError) {
        kind = try json.value("type", default: "")
        location = try json.value("loc", default: [])
        message = try json.value("msg")
        input = try json.optional("input")
    }

    package func writeMembers(to json: inout JSONWriter) {
        json.member("type", kind)
        json.member("loc", location)
        json.member("msg", message)
        json.member("input", input)
    }
}
