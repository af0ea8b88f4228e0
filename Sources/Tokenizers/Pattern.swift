import CPCRE2

/// A compiled pattern of the system's PCRE2, with Unicode properties and machine code where the processor allows it.
@safe
final class Pattern: @unchecked Sendable {
    // Read-only after compilation, which PCRE2 documents as safe to share between threads.
    private let code: OpaquePointer

    init(_ source: String) throws(TokenizerError) {
        var errorCode: Int32 = 0
        var errorOffset = 0
        let bytes = Array(source.utf8)
        let compiled = unsafe bytes.withUnsafeBufferPointer {
            unsafe pcre2_compile_8(
                $0.baseAddress, $0.count, PCRE2_UTF | PCRE2_UCP, &errorCode, &errorOffset, nil)
        }
        guard let compiled = unsafe compiled else {
            throw .pattern("error \(errorCode) at \(errorOffset) of \(source)")
        }
        unsafe code = compiled
        // Without machine code (an unusual processor, or a system that forbids it) the interpreter gives the same matches.
        _ = unsafe pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE)
    }

    deinit { unsafe pcre2_code_free_8(code) }

    /// Cuts each piece of valid UTF-8 into what the pattern matches and what lies between; nothing is ever lost.
    func split(_ text: UnsafeBufferPointer<UInt8>, pieces: [Range<Int>]) -> [Range<Int>] {
        guard let base = text.baseAddress, let match = unsafe pcre2_match_data_create_8(1, nil) else { return pieces }
        defer { unsafe pcre2_match_data_free_8(match) }
        var result: [Range<Int>] = []
        result.reserveCapacity(pieces.count + text.count / 4)
        for piece in pieces {
            var start = piece.lowerBound
            while start < piece.upperBound {
                let found = unsafe firstMatch(
                    base + piece.lowerBound, piece.count, from: start - piece.lowerBound, match)
                // No match, or a limit of the library was hit: the rest stays one piece, so that no byte is dropped.
                guard let found, !found.isEmpty else {
                    result.append(start..<piece.upperBound)
                    break
                }
                let matched = found.lowerBound + piece.lowerBound..<found.upperBound + piece.lowerBound
                if start < matched.lowerBound { result.append(start..<matched.lowerBound) }
                result.append(matched)
                start = matched.upperBound
            }
        }
        return result
    }

    private func firstMatch(
        _ base: UnsafePointer<UInt8>, _ count: Int, from start: Int, _ match: OpaquePointer
    ) -> Range<Int>? {
        var status = unsafe pcre2_match_8(code, base, count, start, PCRE2_NO_UTF_CHECK, match, nil)
        if status == PCRE2_ERROR_JIT_STACKLIMIT {
            // The machine code has a small fixed stack; the interpreter uses the heap.
            status = unsafe pcre2_match_8(code, base, count, start, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match, nil)
        }
        guard status >= 0, let offsets = unsafe pcre2_get_ovector_pointer_8(match) else { return nil }
        return unsafe offsets[0]..<offsets[1]
    }
}
