import CKernels

/// The engine's threads. One call at a time: only the engine's own thread uses it.
final class ThreadPool: @unchecked Sendable {
    let handle: OpaquePointer

    /// Throws when no memory for a pool is left.
    init(threads: Int) throws {
        guard let handle = ck_pool_create(Int32(threads)) else {
            throw EngineError.outOfMemory("a pool of \(threads) threads")
        }
        self.handle = handle
    }

    deinit { ck_pool_destroy(handle) }

    var threads: Int { Int(ck_pool_threads(handle)) }

    /// Computes products that do not depend on each other, side by side.
    func multiply(_ products: [ck_product]) {
        ck_multiply(handle, products.count, products)
    }
}
