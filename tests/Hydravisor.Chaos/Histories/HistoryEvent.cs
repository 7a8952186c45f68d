using System.Text.Json.Serialization;

namespace Hydravisor.Chaos.Histories;

/// <summary>One thing that a client did or was told.</summary>
/// <remarks><c>At</c>: when, since the run began; <c>Client</c>: which client; <c>Connection</c>: over which connection: no two have the same number; <c>Node</c>: the node at its other end.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "what")]
[JsonDerivedType(typeof(Connected), "connected")]
[JsonDerivedType(typeof(Disconnected), "disconnected")]
[JsonDerivedType(typeof(Asked), "asked")]
[JsonDerivedType(typeof(Answered), "answered")]
[JsonDerivedType(typeof(Unanswered), "unanswered")]
[JsonDerivedType(typeof(Heard), "heard")]
[JsonDerivedType(typeof(LogBegun), "log-begun")]
[JsonDerivedType(typeof(LogLine), "log-line")]
[JsonDerivedType(typeof(LogGap), "log-gap")]
[JsonDerivedType(typeof(LogEnded), "log-ended")]
internal abstract record HistoryEvent(TimeSpan At, int Client, int Connection, string Node);

/// <summary>A connection was made.</summary>
internal sealed record Connected(TimeSpan At, int Client, int Connection, string Node) : HistoryEvent(At, Client, Connection, Node);

/// <summary>It has ended.</summary>
internal sealed record Disconnected(TimeSpan At, int Client, int Connection, string Node, string Why) : HistoryEvent(At, Client, Connection, Node);

/// <summary>A request is about to be sent.</summary>
/// <remarks><c>RequestId</c>: its request id: the same one when it is repeated; <c>Type</c>: what is asked; <c>Vm</c>: of which VM; null: of none, or a new one.</remarks>
internal sealed record Asked(TimeSpan At, int Client, int Connection, string Node, string RequestId, string Type, string? Vm) : HistoryEvent(At, Client, Connection, Node);

/// <summary>A request was answered.</summary>
/// <remarks><c>RequestId</c>: its request id; <c>Type</c>: what was asked; <c>Vm</c>: the VM that the answer names; <c>Code</c>: 0: it is done, or will be; else the error's code; <c>Message</c>: the error's message; <c>Incarnation</c>: the VM's incarnation, where the answer bears one; <c>States</c>: the states that it shows.</remarks>
internal sealed record Answered(
    TimeSpan At, int Client, int Connection, string Node, string RequestId, string Type, string? Vm, int Code, string? Message, long? Incarnation, IReadOnlyList<SeenState> States)
    : HistoryEvent(At, Client, Connection, Node);

/// <summary>A request will not be answered: its connection has ended.</summary>
internal sealed record Unanswered(TimeSpan At, int Client, int Connection, string Node, string RequestId, string Type, string? Vm) : HistoryEvent(At, Client, Connection, Node);

/// <summary>A broadcast.</summary>
internal sealed record Heard(TimeSpan At, int Client, int Connection, string Node, SeenState State) : HistoryEvent(At, Client, Connection, Node);

/// <summary>A log is followed from here on.</summary>
/// <remarks><c>Vm</c>: whose; <c>Next</c>: the number that comes first.</remarks>
internal sealed record LogBegun(TimeSpan At, int Client, int Connection, string Node, string Vm, long Next) : HistoryEvent(At, Client, Connection, Node);

/// <summary>An entry of a log.</summary>
/// <remarks><c>Vm</c>: whose; <c>Number</c>: its number; <c>Content</c>: all else of it.</remarks>
internal sealed record LogLine(TimeSpan At, int Client, int Connection, string Node, string Vm, long Number, string Content) : HistoryEvent(At, Client, Connection, Node);

/// <summary>Entries that this subscriber does not get.</summary>
/// <remarks><c>Vm</c>: whose; <c>From</c>: the first; <c>To</c>: the last.</remarks>
internal sealed record LogGap(TimeSpan At, int Client, int Connection, string Node, string Vm, long From, long To) : HistoryEvent(At, Client, Connection, Node);

/// <summary>A log is followed no more.</summary>
/// <remarks><c>Vm</c>: whose; <c>Code</c>: the error's code.</remarks>
internal sealed record LogEnded(TimeSpan At, int Client, int Connection, string Node, string Vm, int Code) : HistoryEvent(At, Client, Connection, Node);

/// <summary>A VM as somebody was shown it.</summary>
/// <param name="Vm">Which one.</param>
/// <param name="State">Its state.</param>
/// <param name="Node">The node that has it.</param>
/// <param name="Incarnation">Its incarnation.</param>
/// <param name="Revision">Its revision.</param>
internal sealed record SeenState(string Vm, string State, string Node, long Incarnation, long Revision);
