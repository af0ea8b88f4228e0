/// Writes a JSON text.
package struct JSONWriter {
    /// The text so far.
    package private(set) var bytes: [UInt8] = []
    /// Whether members that equal their defaults are left out; for whoever writes them.
    package let omitsDefaults: Bool
    private var needsComma = false

    /// A writer at the beginning of a text.
    package init(omitsDefaults: Bool = false) { self.omitsDefaults = omitsDefaults }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    /// Writes a value that is spelt already.
    package mutating func literal(_ text: String) {
        separate()
        bytes += text.utf8
    }

    /// Writes a string.
    package mutating func value(_ string: String) {
        separate()
        JSONText.append(string, to: &bytes)
    }

    /// Writes an integer.
    package mutating func value(_ number: Int) {
        separate()
        JSONText.append(number, to: &bytes)
    }

    /// Writes a number.
    package mutating func value(_ number: Float) {
        separate()
        JSONText.append(number, to: &bytes)
    }

    /// Writes a number.
    package mutating func value(_ number: Double) {
        separate()
        JSONText.append(number, to: &bytes)
    }

    @usableFromInline
    package mutating func open(_ character: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: character))
        needsComma = false
    }

    @usableFromInline
    package mutating func close(_ character: Unicode.Scalar) {
        bytes.append(UInt8(ascii: character))
        needsComma = true
    }

    /// Writes an object with what the closure writes into it.
    @inlinable
    package mutating func object(_ members: (inout JSONWriter) -> Void) {
        open("{")
        members(&self)
        close("}")
    }

    /// Writes a list with what the closure writes for each element.
    @inlinable
    package mutating func list<Element>(_ elements: [Element], _ write: (inout JSONWriter, Element) -> Void) {
        open("[")
        for element in elements { write(&self, element) }
        close("]")
    }

    /// Writes a member's key; its value follows.
    package mutating func key(_ key: String) {
        value(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }
}
