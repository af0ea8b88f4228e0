import Foundation

/// What the program has freed and its allocator keeps.
enum FreedMemory {
    private typealias Trim = @convention(c) (_ kept: Int) -> Int32

    /// glibc's `malloc_trim`, which its module does not show; other libraries have none and need none.
    private static let trim: Trim? = unsafe dlsym(nil, "malloc_trim").map { unsafe unsafeBitCast($0, to: Trim.self) }

    /// Hands it back to the system, so that it can serve other programs.
    static func giveBack() { _ = trim?(0) }
}
