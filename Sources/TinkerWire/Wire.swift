/// The messages of the Tinker API as they cross the network, in the three dialects that are in use: JSON with and without
/// defaults, and protobuf. Client and server share them, so each can be both written and read.
///
/// Readers are lenient: members that a message does not know are ignored, integers may stand where fractions are due. Optional
/// properties are nil where a peer said nothing.
public enum Wire {}
