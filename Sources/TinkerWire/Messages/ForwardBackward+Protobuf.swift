extension Wire.ForwardBackwardRequest: ProtobufMessage {
    package init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        self.init(modelID: "", sequenceID: 0, data: [], lossFn: "")
        var numbers: [String: Wire.LossSetting] = [:]
        while let field = try reader.next() {
            switch field.number {
            case 1: modelID = try reader.string(field)
            case 2: sequenceID = try reader.integer(field)
            case 3:
                try reader.limits.check(data.count + 1, \.data, "the number of datums")
                do throws(WireError) {
                    data.append(try Wire.Datum(protobuf: reader.message(field)))
                } catch { throw error.inside("data[\(data.count)]") }
            case 4: lossFn = try reader.string(field)
            case 5:
                var number = 0.0
                let name = try reader.entry(field) { entry, value throws(WireError) in number = try entry.double(value) }
                numbers[name] = .number(number)
            case 6: forwardOnly = try reader.boolean(field)
            case 7:
                var setting: Wire.LossSetting?
                let name = try reader.entry(field) { entry, value throws(WireError) in
                    setting = try Wire.LossSetting(protobuf: entry.message(value))
                }
                lossFnConfig[name] = setting
            default: try reader.skip(field)
            }
        }
        // Older SDKs know the map of numbers alone; newer ones write both.
        lossFnConfig.merge(numbers) { newer, _ in newer }
    }

    package func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        protobuf.string(1, modelID)
        protobuf.integer(2, sequenceID ?? 0)
        for datum in data { try protobuf.message(3) { writer throws(WireError) in try datum.write(to: &writer) } }
        protobuf.string(4, lossFn)
        let numbers = lossFnConfig.compactMapValues { if case .number(let value) = $0 { value } else { nil } }
        try protobuf.map(5, numbers) { entry, value throws(WireError) in entry.present(2, value) }
        protobuf.boolean(6, forwardOnly)
        try protobuf.map(7, lossFnConfig) { entry, setting throws(WireError) in
            try entry.message(2) { writer throws(WireError) in try setting.write(to: &writer) }
        }
    }
}

extension Wire.LossSetting: ProtobufMessage {
    package init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        var setting: Self?
        while let field = try reader.next() {
            switch field.number {
            case 1: setting = .number(try reader.double(field))
            case 2: setting = .text(try reader.string(field))
            default: try reader.skip(field)
            }
        }
        guard let setting else { throw .missing(path: "loss_fn_config") }
        self = setting
    }

    package func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        switch self {
        case .number(let value): protobuf.present(1, value)
        case .text(let value): protobuf.present(2, Array(value.utf8))
        }
    }
}

extension Wire.ForwardBackwardOutput: ProtobufMessage {
    package init(protobuf: ProtobufReader) throws(WireError) {
        var reader = protobuf
        self.init(lossFnOutputType: "", lossFnOutputs: [], metrics: [:])
        while let field = try reader.next() {
            switch field.number {
            case 1: lossFnOutputType = try reader.string(field)
            case 2:
                let record = try ArrayRecord(protobuf: reader.message(field))
                try reader.limits.check(lossFnOutputs.count + record.count, \.data, "the number of datums")
                lossFnOutputs += try record.datums(reader.limits)
            case 3:
                var number = 0.0
                let name = try reader.entry(field) { entry, value throws(WireError) in number = try entry.double(value) }
                metrics[name] = number
            default: try reader.skip(field)
            }
        }
    }

    package func write(to protobuf: inout ProtobufWriter) throws(WireError) {
        protobuf.string(1, lossFnOutputType)
        var rest = lossFnOutputs[...]
        while let first = rest.first {
            let kind = ArrayRecord.Kind(first)
            let alike = rest.prefix { ArrayRecord.Kind($0) == kind }
            rest = rest.dropFirst(alike.count)
            try protobuf.message(2) { writer throws(WireError) in
                try ArrayRecord.write(alike, kind, to: &writer)
            }
        }
        try protobuf.map(3, metrics) { entry, value throws(WireError) in entry.present(2, value) }
    }
}
