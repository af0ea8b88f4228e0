internal import CReadline

extension LineEditor {
    /// Gives the line editor keys that somebody else has read, as if they had been pressed at its prompt.
    public static func typeAhead(_ keys: [UInt8]) {
        for key in keys { _ = rl_stuff_char(CInt(key)) }
    }
}
