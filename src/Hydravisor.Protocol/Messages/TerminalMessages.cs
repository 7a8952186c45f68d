using System.Text.Json.Serialization;

namespace Hydravisor.Protocol;

/// <summary><c>terminal/input</c>: type into a terminal. One of <see cref="Data"/> and <see cref="DataB64"/> is given.</summary>
public sealed record TerminalInput : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.TerminalInput;

    /// <summary>Text, typed as its UTF-8 bytes; the return key is <c>\r</c>.</summary>
    public string? Data { get; init; }

    /// <summary>Bytes in base64.</summary>
    public string? DataB64 { get; init; }
}

/// <summary><c>terminal/resize</c>: how large the operator's screen is.</summary>
public sealed record TerminalResize : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.TerminalResize;

    /// <summary>Width in characters: 1 to <see cref="Limits.TerminalColsMax"/>.</summary>
    public long? Cols { get; init; }

    /// <summary>Height in lines: 1 to <see cref="Limits.TerminalRowsMax"/>.</summary>
    public long? Rows { get; init; }
}

/// <summary><c>terminal/detach</c>: leave a terminal.</summary>
public sealed record TerminalDetach : InstanceMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.TerminalDetach;
}

/// <summary><c>terminal/output</c>: what a terminal showed, to those who attached to it with <c>stream:true</c>.</summary>
public sealed record TerminalOutput : ServerMessage
{
    /// <inheritdoc/>
    [JsonPropertyOrder(WireOrder.First)]
    public override string Type => MessageTypes.TerminalOutput;

    /// <summary>The VM.</summary>
    public required string InstanceId { get; init; }

    /// <summary>The bytes in base64, as the terminal gave them.</summary>
    public required string DataB64 { get; init; }

    /// <summary><see langword="true"/>: the bytes draw the whole screen anew (the first ones, and after this client was too slow).</summary>
    public bool? Reset { get; init; }

    /// <summary>With <see cref="Reset"/>: the terminal's width in characters.</summary>
    public long? Cols { get; init; }

    /// <summary>With <see cref="Reset"/>: its height in lines.</summary>
    public long? Rows { get; init; }
}
