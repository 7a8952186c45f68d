using System.Text.Json;

namespace Hydravisor.Protocol;

/// <summary>
/// One pass over the members of a line's own object, which makes nothing: is it a wrapping, and where are its members. It stops
/// at a <c>type</c>: such a line is bare, whatever else is in it.
/// </summary>
internal ref struct WrapScan
{
    public const int MemberCount = 6;

    private readonly ReadOnlySpan<byte> _line;
    private readonly Span<Range> _values;
    private WrapMember? _twice;
    private Range? _unknown;
    private int _seen;
    private bool _isMalformed;

    public WrapScan(ReadOnlySpan<byte> line, Span<Range> values)
    {
        _line = line;
        _values = values;
        _values.Clear();
    }

    /// <summary>Whether the line has no type and a member that only wrappings have.</summary>
    public bool IsWrapping { get; private set; }

    /// <summary>Whether it is no JSON somewhere behind that member.</summary>
    public readonly bool IsMalformed => _isMalformed;

    public void Run()
    {
        // The depth is judged where the message is read; a deep line must not pass for one that is no JSON.
        var reader = new Utf8JsonReader(_line, new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!TryTakeMember(ref reader))
                {
                    IsWrapping = false;
                    return;
                }
            }

            reader.Read(); // throws if more stands behind the object
        }
        catch (JsonException)
        {
            _isMalformed = true;
        }
    }

    /// <summary>The raw JSON of a member; empty if it is absent, or null, which is the same.</summary>
    public readonly Range ValueOf(WrapMember member) => _values[(int)member];

    /// <summary>What is wrong with the set of members.</summary>
    public readonly string? Fault() =>
        _twice is { } twice ? $"the key \"{NameOf(twice)}\" stands twice in one object; send each key once"
        : _unknown is { } unknown ? $"{Quote.Of(Shown(unknown))} is no member of a wrapping; those are {Members}, and all else goes into message"
        : null;

    private static string Members { get; } = string.Join(", ", Enum.GetValues<WrapMember>().Select(NameOf));

    private static string NameOf(WrapMember member) => member switch
    {
        WrapMember.AgentFingerprint => "agent_fingerprint",
        WrapMember.Role => "role",
        WrapMember.Timestamp => "timestamp",
        WrapMember.Nonce => "nonce",
        WrapMember.Hmac => "hmac",
        _ => "message",
    };

    /// <summary>Takes the member that the reader is at with its value; <see langword="false"/> if the line is bare by it.</summary>
    private bool TryTakeMember(scoped ref Utf8JsonReader reader)
    {
        if (LineScan.Is(ref reader, "type"u8))
        {
            reader.Read();
            return reader.TokenType == JsonTokenType.Null;
        }

        if (LineScan.Is(ref reader, "jsonrpc"u8))
        {
            return false;
        }

        if (MemberAt(ref reader) is { } member)
        {
            IsWrapping |= member is WrapMember.AgentFingerprint or WrapMember.Hmac or WrapMember.Message;
            var bit = 1 << (int)member;
            _twice = (_seen & bit) == 0 ? _twice : _twice ?? member;
            _seen |= bit;
            _values[(int)member] = TakeValue(ref reader);
            return true;
        }

        // The name stands between its quotes, just behind the start of the token.
        var start = (int)reader.TokenStartIndex + 1;
        _unknown ??= start..(start + reader.ValueSpan.Length);
        TakeValue(ref reader);
        return true;
    }

    private static WrapMember? MemberAt(scoped ref Utf8JsonReader reader) =>
        LineScan.Is(ref reader, "agent_fingerprint"u8) ? WrapMember.AgentFingerprint
        : LineScan.Is(ref reader, "role"u8) ? WrapMember.Role
        : LineScan.Is(ref reader, "timestamp"u8) ? WrapMember.Timestamp
        : LineScan.Is(ref reader, "nonce"u8) ? WrapMember.Nonce
        : LineScan.Is(ref reader, "hmac"u8) ? WrapMember.Hmac
        : LineScan.Is(ref reader, "message"u8) ? WrapMember.Message
        : null;

    private static Range TakeValue(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        var isNull = reader.TokenType == JsonTokenType.Null;
        reader.Skip();
        return isNull ? default : start..(int)reader.BytesConsumed;
    }

    /// <summary>A key as it stands on the line, escapes and all, so that whoever wrote it finds it again.</summary>
    private readonly string Shown(Range key) => System.Text.Encoding.UTF8.GetString(_line[key]);
}
