namespace Hydravisor.Protocol;

/// <summary>Every limit of the wire, with its unit in its name. What a node may set otherwise is called a default.</summary>
public static class Limits
{
    /// <summary>Longest line in bytes, without its LF; the default, a node may set another. Longer: 413.</summary>
    public const int LineBytesMax = 1024 * 1024;

    /// <summary>Longest <c>meta.request_id</c>, in Unicode characters (code points). Longer, or empty: 400.</summary>
    public const int RequestIdCharsMax = 128;

    /// <summary>Shortest nonce of a wrapped line, in characters.</summary>
    public const int NonceCharsMin = 16;

    /// <summary>Longest nonce of a wrapped line, in characters.</summary>
    public const int NonceCharsMax = 64;

    /// <summary>Longest name of a role in a wrapped line, in characters.</summary>
    public const int RoleCharsMax = 64;

    /// <summary>Longest timestamp of a wrapped line, in characters: nanoseconds and an offset fit twice.</summary>
    public const int TimestampCharsMax = 64;

    /// <summary>Shortest key of an agent, in bytes; a shorter one can be found by trying.</summary>
    public const int AgentKeyBytesMin = 16;

    /// <summary>Longest VM name, in characters. See <see cref="VmName"/>.</summary>
    public const int NameCharsMax = 40;

    /// <summary>Most labels of one VM.</summary>
    public const int LabelsMax = 64;

    /// <summary>Longest key of a label, in characters.</summary>
    public const int LabelKeyCharsMax = 63;

    /// <summary>Longest value of a label, in UTF-16 code units.</summary>
    public const int LabelValueCharsMax = 256;

    /// <summary>Deepest nesting of objects and arrays in one line; the line's own object counts as 1. Deeper: 400.</summary>
    public const int JsonDepthMax = 32;

    /// <summary>Longest piece of the peer's own text that an error message quotes, in UTF-16 code units.</summary>
    public const int QuotedCharsMax = 64;

    /// <summary>How long <c>vm/exec</c> waits by default for the end of a command, in seconds.</summary>
    public const int ExecSecondsDefault = 30;

    /// <summary>The longest that <c>vm/exec</c> may wait, in seconds.</summary>
    public const int ExecSecondsMax = 3600;

    /// <summary>Bytes that are kept of each output of a command; what it wrote beyond them is dropped, and <c>truncated</c> says so.</summary>
    public const int ExecOutputBytesMax = 256 * 1024;

    /// <summary>Most bytes that one <c>terminal/input</c> types.</summary>
    public const int TerminalInputBytesMax = 64 * 1024;

    /// <summary>Widest terminal, in characters.</summary>
    public const int TerminalColsMax = 500;

    /// <summary>Highest terminal, in lines.</summary>
    public const int TerminalRowsMax = 300;

    /// <summary>Entries that <c>log/query</c> answers by default.</summary>
    public const int LogQueryEntriesDefault = 1000;

    /// <summary>Most entries that <c>log/query</c> answers.</summary>
    public const int LogQueryEntriesMax = 10_000;

    /// <summary>Most bytes of the payload of an answer to <c>log/query</c>: it ends earlier, and <c>next</c> says where.</summary>
    public const int LogQueryBytesMax = 512 * 1024;

    /// <summary>Most events that <c>recording/query</c> answers, and how many it does by default.</summary>
    public const int RecordingQueryEventsMax = 10_000;

    /// <summary>Most bytes of the events of an answer to <c>recording/query</c>: it ends earlier, and <c>next</c> says where. One event comes always.</summary>
    public const int RecordingQueryBytesMax = 512 * 1024;

    /// <summary>Fewest hexadecimal digits after <c>vm-</c> in an instance id.</summary>
    public const int InstanceIdHexDigitsMin = 8;

    /// <summary>Most hexadecimal digits after <c>vm-</c> in an instance id.</summary>
    public const int InstanceIdHexDigitsMax = 32;

    /// <summary>Hexadecimal digits after <c>vm-</c> in a new instance id (48 bits).</summary>
    public const int InstanceIdHexDigitsNew = 12;
}
