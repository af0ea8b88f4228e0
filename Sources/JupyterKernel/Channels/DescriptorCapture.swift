internal import Foundation
internal import Synchronization

/// Takes what the process and the programs that it starts write to a descriptor (1 or 2) and gives it to the clients.
public final class DescriptorCapture: Sendable {
    private let readEnd: Int32
    private let stream: KernelOutput.Stream
    private let output: KernelOutput
    /// Bytes of a character whose end has not come yet.
    private let rest = Mutex([UInt8]())

    /// Captures from now on, for as long as the process lives.
    public init(_ descriptor: Int32, as stream: KernelOutput.Stream, output: KernelOutput) throws(KernelError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw .noPipe }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        dup2(ends[1], descriptor)
        close(ends[1])
        (readEnd, self.stream, self.output) = (ends[0], stream, output)
        let thread = Thread { [self] in
            while true {
                var item = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
                if unsafe poll(&item, 1, -1) < 0, errno != EINTR { return }
                drain()
            }
        }
        thread.name = stream.rawValue
        thread.stackSize = 1 << 19
        thread.start()
    }

    /// Gives out what has been written so far.
    func drain() {
        rest.withLock { rest in
            var bytes = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = unsafe read(readEnd, &bytes, bytes.count)
                guard count > 0 else { return }
                rest += bytes.prefix(count)
                let end = Self.endOfCharacters(rest)
                output.write(String(decoding: rest[..<end], as: UTF8.self), to: stream)
                rest.removeFirst(end)
            }
        }
    }

    /// Where the last whole character ends; what is no UTF-8 counts as whole.
    private static func endOfCharacters(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let byte = bytes[bytes.count - length]
            if byte < 0x80 { break }
            guard byte >= 0xC0 else { continue }
            let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
            return needed > length ? bytes.count - length : bytes.count
        }
        return bytes.count
    }
}
