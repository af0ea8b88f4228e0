public import ModelFiles
public import Tokenizers

/// The real model, parsed once for all tests of a process. A test that needs it fails, rather than being skipped, where it has
/// not been fetched: the message says to run `scripts/fetch-model`.
public enum DefaultModel {
    private static let parsed = Result<GGUFFile, ModelFileError> { () throws(ModelFileError) in
        try GGUFFile(path: try path())
    }
    private static let parsedTokenizer = Result<BytePairTokenizer, ModelFileError> { () throws(ModelFileError) in
        try file().tokenizer()
    }

    /// Where the model's file lies.
    public static func path() throws(ModelFileError) -> String {
        try ModelStore().resolve(ModelStore.defaultModel.name).path
    }

    /// The model's file.
    public static func file() throws(ModelFileError) -> GGUFFile { try parsed.get() }

    /// The model's tokenizer.
    public static func tokenizer() throws(ModelFileError) -> BytePairTokenizer { try parsedTokenizer.get() }
}
