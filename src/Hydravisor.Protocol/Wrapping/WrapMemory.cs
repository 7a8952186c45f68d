namespace Hydravisor.Protocol;

/// <summary>
/// What the last wrapped lines of one connection said. The next one mostly comes from the same agent, in the same role and in the same second, and what is there
/// already is neither made nor judged again. Not thread-safe.
/// </summary>
public sealed class WrapMemory
{
    /// <summary>A right one; empty before the first line.</summary>
    internal string AgentFingerprint { get; private set; } = "";

    /// <summary>As above.</summary>
    internal string Role { get; private set; } = "";

    /// <summary>As above.</summary>
    internal string TimestampText { get; private set; } = "";

    /// <summary>The same as a time.</summary>
    internal DateTimeOffset Timestamp { get; private set; }

    /// <summary>Keeps what may come again: of a line nothing else, since its message is a part of many lines' bytes.</summary>
    internal void Keep(WrappedLine line)
    {
        AgentFingerprint = line.AgentFingerprint;
        Role = line.Role;
        (TimestampText, Timestamp) = (line.TimestampText, line.Timestamp);
    }
}
