import TestSupport
import Testing

/// The parent of all tests that compare bits or choose the kernels' instruction set, which is one for the whole process: they
/// run one after another. The time limit turns a future that nobody resolves into a failure.
@Suite(.serialized, .ownKernels, .timeLimit(.minutes(10)))
enum SerialTests {}
