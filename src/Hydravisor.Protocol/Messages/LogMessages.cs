using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary><c>log/subscribe</c>: follow a VM's log.</summary>
public sealed record LogSubscribe : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.LogSubscribe;

    /// <summary>Where to begin; absent: <see cref="LogFrom.Tail"/>.</summary>
    public LogFrom? From { get; init; }
}

/// <summary><c>log/unsubscribe</c>: follow a VM's log no more.</summary>
public sealed record LogUnsubscribe : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.LogUnsubscribe;
}

/// <summary><c>log/query</c>: read a piece of a VM's log.</summary>
public sealed record LogQuery : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.LogQuery;

    /// <summary>Where to begin; absent: <see cref="LogFrom.Start"/>; <see cref="LogFrom.Tail"/>: the last entries.</summary>
    public LogFrom? From { get; init; }

    /// <summary>How many entries at most: 1 to <see cref="Limits.LogQueryEntriesMax"/>; absent:
    /// <see cref="Limits.LogQueryEntriesDefault"/>.</summary>
    public long? Limit { get; init; }
}

/// <summary>The reply to <c>log/subscribe</c>; the entries come as <see cref="ModelLog"/> after it.</summary>
public sealed record LogSubscribed : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.LogSubscribe;

    /// <summary>Always <see langword="true"/>; a refusal is an <see cref="ErrorMessage"/>.</summary>
    [JsonPropertyOrder(WireOrder.Second)]
    public bool Ok { get; } = true;

    /// <summary>The VM.</summary>
    public required string InstanceId { get; init; }

    /// <summary>The sequence number of the first entry that will come.</summary>
    public required long Next { get; init; }

    /// <summary>The VM's incarnation.</summary>
    public required long Incarnation { get; init; }
}

/// <summary><c>model/log</c>: entries of a VM's log, in order; to those who follow it, or as the answer to <c>log/query</c>.</summary>
public sealed record ModelLog : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.ModelLog;

    /// <summary>The VM.</summary>
    public required string Source { get; init; }

    /// <summary>The entries. Compared by reference.</summary>
    public required IReadOnlyList<LogEntry> Payload { get; init; }

    /// <summary>In an answer to <c>log/query</c>: from where to go on.</summary>
    public long? Next { get; init; }

    /// <summary>For a sender that has the entries as JSON already, with commas between: written in place of <see cref="Payload"/>.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte>? PayloadJson { get; init; }
}

/// <summary>One entry of a VM's log; or, where only <see cref="Gap"/> is there, entries that this follower does not get.</summary>
public sealed record LogEntry
{
    /// <summary>Its number: from 1, by one more each time, never again from the beginning.</summary>
    public long? Seq { get; init; }

    /// <summary>When: RFC 3339. The guest's own time where it gave one, which then is its claim.</summary>
    public string? Timestamp { get; init; }

    /// <summary>When the node had it, where <see cref="Timestamp"/> is the guest's.</summary>
    public string? Received { get; init; }

    /// <summary><c>console</c>, <c>guest</c> (its log port) or <c>lifecycle</c>.</summary>
    public string? Stream { get; init; }

    /// <summary>The line.</summary>
    public string? Msg { get; init; }

    /// <summary>What else stood in the guest's JSON line, as it stood.</summary>
    public JsonElement? Fields { get; init; }

    /// <summary>Entries that are missing here.</summary>
    public LogGap? Gap { get; init; }
}

/// <summary>Entries that a follower does not get: it was too slow, or they are kept no more. Those that are kept <c>log/query</c> still answers.</summary>
/// <param name="From">The first of them.</param>
/// <param name="To">The last of them.</param>
public sealed record LogGap(long From, long To);
