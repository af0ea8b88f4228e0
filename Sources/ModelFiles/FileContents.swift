import Foundation
import Glibc

/// Reading and writing whole files with errors that name the file.
enum FileContents {
    /// The bytes of a file, mapped into memory rather than read where the system can.
    static func map(_ path: String) throws(ModelFileError) -> Data {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw .io(file: path, operation: "read", reason: systemReason()) }
        // A pipe or a device would block or never end.
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .io(file: path, operation: "read", reason: "it is not a regular file")
        }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        } catch {
            throw .io(file: path, operation: "read", reason: reason(error))
        }
    }

    /// Replaces a file as a whole: readers see the old bytes or the new ones, also after a crash. The parts are written one
    /// after the other to a temporary file beside it, which is flushed to disk and then renamed.
    static func writeAtomically(_ parts: [Data], to path: String) throws(ModelFileError) {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).tmp"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .io(file: path, operation: "write", reason: systemReason()) }
        var failure = parts.lazy.compactMap { write($0, to: descriptor) }.first
        if failure == nil, fsync(descriptor) != 0 { failure = systemReason() }
        if close(descriptor) != 0, failure == nil { failure = systemReason() }
        if failure == nil, unsafe rename(temporary, path) != 0 { failure = systemReason() }
        if let failure {
            _ = unsafe unlink(temporary)
            throw .io(file: path, operation: "write", reason: failure)
        }
        syncFolder(of: path)
    }

    /// Writes all bytes; returns the reason if the system would not.
    private static func write(_ data: Data, to descriptor: Int32) -> String? {
        unsafe data.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let step = unsafe Glibc.write(
                    descriptor, bytes.baseAddress.map { unsafe $0 + written }, bytes.count - written)
                if step < 0, errno == EINTR { continue }
                guard step > 0 else { return systemReason() }
                written += step
            }
            return nil
        }
    }

    /// Makes the rename itself durable. Some file systems cannot flush folders; the file's own bytes are safe either way.
    private static func syncFolder(of path: String) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// The system's words for the last failed call.
    static func systemReason() -> String { unsafe String(cString: strerror(errno)) }

    /// Foundation's error in few words: the system's where there are some.
    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        guard let code = underlying?.code, underlying?.domain == NSPOSIXErrorDomain else {
            return error.localizedDescription
        }
        return unsafe String(cString: strerror(Int32(truncatingIfNeeded: code)))
    }
}
