// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: Swift 6 mode, warnings are errors, imports are internal unless said otherwise.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Targets without pointers: every unsafe expression has to be marked as such.
let safe: [SwiftSetting] = strict + [.strictMemorySafety()]

/// Kernels are compiled for speed in every configuration; fused multiply-adds are written out, never contracted by the
/// compiler, because the order and rounding of every sum is part of the engine's promise.
let kernelFlags: [CSetting] = [.unsafeFlags(["-O3", "-ffp-contract=off", "-Wall", "-Werror", "-Wno-psabi"])]

let package = Package(
    name: "rlhf-repl",
    products: [.executable(name: "rlhf-repl", targets: ["rlhf-repl"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        // System libraries
        .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
        .systemLibrary(name: "CReadline", pkgConfig: "readline", providers: [.apt(["libreadline-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CZMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CUtf8proc", pkgConfig: "libutf8proc", providers: [.apt(["libutf8proc-dev"])]),

        // C of our own
        .target(name: "CKernels", cSettings: kernelFlags),
        .target(name: "CLuaBridge", dependencies: ["CLua"], cSettings: [.unsafeFlags(["-Wall", "-Werror"])]),

        // libcurl: its options are variable arguments, which Swift cannot pass.
        .target(name: "CCurl", cSettings: [.unsafeFlags(["-Wall", "-Werror"])], linkerSettings: [.linkedLibrary("curl")]),

        // Below the waist
        .target(name: "Tensors", swiftSettings: safe),
        .target(name: "JSON", swiftSettings: safe),
        .target(name: "Tokenizers", dependencies: ["CPCRE2"], swiftSettings: safe),
        .target(name: "ModelFiles", dependencies: ["JSON", "Tokenizers"], swiftSettings: safe),
        .target(name: "TrainingAPI", dependencies: ["Tensors", "Tokenizers"], swiftSettings: safe),
        .target(name: "TinkerWire", dependencies: ["JSON", "TrainingAPI", "CZlib", "CZstd"], swiftSettings: safe),
        .target(
            name: "TinkerServer",
            dependencies: [
                "JSON", "Tensors", "TinkerWire", "TrainingAPI", .product(name: "FlyingSocks", package: "FlyingFox"),
            ],
            swiftSettings: safe),
        .target(
            name: "TinkerClient", dependencies: ["CCurl", "JSON", "ModelFiles", "TinkerWire", "TrainingAPI"], swiftSettings: safe),
        .target(name: "Engine", dependencies: ["CKernels", "ModelFiles", "TrainingAPI"], swiftSettings: strict),

        // What cells show, as data, and how it is written: for terminals, notebooks, reports and files.
        .target(name: "Display", dependencies: ["CUtf8proc", "CZlib", "Tensors"], swiftSettings: safe),

        // Above the waist
        .target(
            name: "Cookbook",
            dependencies: [
                "JSON", "TrainingAPI", "CZlib", .product(name: "OrderedCollections", package: "swift-collections"),
            ],
            swiftSettings: safe),
        .target(name: "LuaRuntime", dependencies: ["CLuaBridge", "Display", "TrainingAPI"], swiftSettings: strict),
        .target(name: "LuaBindings", dependencies: ["Cookbook", "Display", "JSON", "LuaRuntime"], swiftSettings: safe),
        .target(name: "Terminal", dependencies: ["CReadline", "Display", "LuaRuntime"], swiftSettings: safe),
        .target(name: "Notebook", dependencies: ["Display", "JSON", "LuaRuntime", "LuaBindings"], swiftSettings: safe),
        .target(
            name: "JupyterKernel", dependencies: ["CCrypto", "CZMQ", "Display", "JSON", "LuaRuntime", "Notebook"], swiftSettings: safe),
        // Measures the engine through its clients; a target of its own, so that nothing else can come to depend on it.
        .target(
            name: "Bench", dependencies: ["CKernels", "Display", "Engine", "ModelFiles", "TrainingAPI"],
            swiftSettings: safe),
        .executableTarget(
            name: "rlhf-repl",
            dependencies: [
                "Bench", "Cookbook", "Display", "Engine", "JupyterKernel", "LuaBindings", "ModelFiles", "Notebook", "Terminal",
                "TinkerClient", "TinkerServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: safe),

        // Tests
        .target(
            name: "TestSupport", dependencies: ["ModelFiles", "Tensors", "TrainingAPI"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "JSONTests", dependencies: ["JSON", "TestSupport"], resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TokenizersTests", dependencies: ["Tokenizers", "ModelFiles", "TestSupport"],
            resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(
            name: "ModelFilesTests", dependencies: ["ModelFiles", "TestSupport"], resources: [.copy("Vectors")],
            swiftSettings: strict),
        .testTarget(name: "TrainingAPITests", dependencies: ["TrainingAPI", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TinkerWireTests", dependencies: ["JSON", "TinkerWire", "TestSupport"], resources: [.copy("Vectors")],
            swiftSettings: strict),
        .testTarget(
            name: "TinkerServerTests", dependencies: ["Engine", "JSON", "TinkerServer", "TestSupport"],
            resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(
            name: "TinkerClientTests", dependencies: ["Engine", "JSON", "TinkerClient", "TinkerServer", "TestSupport"],
            resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(
            name: "EngineTests", dependencies: ["Engine", "CKernels", "TestSupport"], resources: [.copy("Vectors")],
            swiftSettings: strict),
        .testTarget(
            name: "CookbookTests", dependencies: ["Cookbook", "JSON", "ModelFiles", "TestSupport"],
            resources: [.copy("Vectors")],
            swiftSettings: strict),
        .testTarget(
            name: "LuaRuntimeTests", dependencies: ["Display", "LuaRuntime", "CLuaBridge", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "LuaBindingsTests", dependencies: ["Display", "LuaBindings", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "DisplayTests", dependencies: ["Display"], swiftSettings: strict),
        .testTarget(name: "TerminalTests", dependencies: ["Display", "Terminal", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "NotebookTests", dependencies: ["Display", "JSON", "Notebook", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "JupyterKernelTests", dependencies: ["Display", "JSON", "JupyterKernel", "LuaBindings", "LuaRuntime", "Notebook"],
            swiftSettings: strict),
        .testTarget(
            name: "BenchTests", dependencies: ["Bench", "Display", "rlhf-repl", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "rlhf-replTests", dependencies: ["rlhf-repl", "TestSupport"], exclude: ["Screens"], swiftSettings: strict),
    ]
)
