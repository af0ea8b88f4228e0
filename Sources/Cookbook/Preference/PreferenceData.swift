import JSON

/// Labelled comparisons to train and to measure a preference model with.
public struct PreferenceData: Sendable {
    /// What is trained on.
    public var train: [LabeledComparison]
    /// What is measured on, and never trained.
    public var test: [LabeledComparison]
    /// For each test row the kind of failure that its worse reply shows, if known.
    public var testCategories: [String?]

    /// Comparisons and, for each test row, its category.
    public init(train: [LabeledComparison], test: [LabeledComparison] = [], testCategories: [String?] = []) {
        self.train = train
        self.test = test
        self.testCategories = testCategories
    }

    /// The rows of a data set; a text field `failure`, else `category`, is a row's category.
    public init(_ dataset: ComparisonDataset) {
        self.init(
            train: dataset.train.map(\.value), test: dataset.test.map(\.value),
            testCategories: dataset.test.map { $0.fields["failure"]?.string ?? $0.fields["category"]?.string })
    }
}
