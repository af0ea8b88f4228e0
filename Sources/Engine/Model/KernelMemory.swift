import CKernels

/// Zeroed memory as the kernels want it: on cache lines, and on huge pages where it is large.
final class KernelMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int) {
        self.byteCount = byteCount
        guard let base = ck_allocate(byteCount) else {
            preconditionFailure("no memory left for \(byteCount >> 20) MB")
        }
        self.base = base
    }

    deinit { ck_free(base, byteCount) }
}
