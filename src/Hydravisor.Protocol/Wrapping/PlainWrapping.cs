using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Hydravisor.Protocol;

/// <summary>
/// The shortest way for wrapped lines as clients write them: no escapes, nothing but ASCII outside of the message, and all of it right. It takes half of the
/// general way's time. A property test holds that both ways read the same.
/// </summary>
internal ref struct PlainWrapping
{
    /// <summary>What stands for itself in a JSON text.</summary>
    private static readonly SearchValues<byte> Plain =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (byte)code).Where(code => code is not ((byte)'"' or (byte)'\\'))]);

    private readonly ReadOnlySpan<byte> _line;
    private readonly Span<Range> _values;
    private int _at;
    private int _seen;

    private PlainWrapping(ReadOnlySpan<byte> line, Span<Range> values)
    {
        _line = line;
        _values = values;
    }

    /// <summary>Reads a line; none if it holds anything out of the ordinary, for the general way to judge.</summary>
    public static WrappedLine? TryRead(ReadOnlyMemory<byte> line, WrapMemory? memory = null)
    {
        Span<Range> values = stackalloc Range[WrapScan.MemberCount];
        var plain = new PlainWrapping(line.Span, values);
        var read = plain.TryFindMembers() ? plain.Read(line, memory) : null;
        if (read is not null)
        {
            memory?.Keep(read);
        }

        return read;
    }

    private bool TryFindMembers()
    {
        if (!TryPass((byte)'{'))
        {
            return false;
        }

        do
        {
            if (!TryTakeMember())
            {
                return false;
            }
        }
        while (TryPass((byte)','));

        return TryPass((byte)'}') && _at == _line.Length;
    }

    private bool TryTakeMember()
    {
        if (!TryPassText(out var name) || !TryPass((byte)':') || MemberOf(_line[name]) is not { } member || (_seen & (1 << (int)member)) != 0)
        {
            return false;
        }

        _seen |= 1 << (int)member;
        return member == WrapMember.Message ? TryPassObject(out _values[(int)member]) : TryPassText(out _values[(int)member]);
    }

    private static WrapMember? MemberOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 when name.SequenceEqual("role"u8) => WrapMember.Role,
        4 when name.SequenceEqual("hmac"u8) => WrapMember.Hmac,
        5 when name.SequenceEqual("nonce"u8) => WrapMember.Nonce,
        7 when name.SequenceEqual("message"u8) => WrapMember.Message,
        9 when name.SequenceEqual("timestamp"u8) => WrapMember.Timestamp,
        17 when name.SequenceEqual("agent_fingerprint"u8) => WrapMember.AgentFingerprint,
        _ => null,
    };

    private bool TryPass(byte mark)
    {
        PassSpaces();
        if (_at >= _line.Length || _line[_at] != mark)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void PassSpaces()
    {
        while (_at < _line.Length && _line[_at] == (byte)' ')
        {
            _at++;
        }
    }

    // What is between the quotes.
    private bool TryPassText(out Range text)
    {
        text = default;
        if (!TryPass((byte)'"'))
        {
            return false;
        }

        var length = _line[_at..].IndexOfAnyExcept(Plain);
        if (length < 0 || _line[_at + length] != (byte)'"')
        {
            return false;
        }

        text = _at..(_at + length);
        _at += length + 1;
        return true;
    }

    private bool TryPassObject(out Range value)
    {
        PassSpaces();
        value = default;
        var reader = new Utf8JsonReader(_line[_at..], new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            reader.Skip();
        }
        catch (JsonException)
        {
            return false;
        }

        value = _at..(_at + (int)reader.BytesConsumed);
        _at = value.End.Value;
        return true;
    }

    private readonly WrappedLine? Read(ReadOnlyMemory<byte> line, WrapMemory? memory)
    {
        const int needed = (1 << WrapScan.MemberCount) - 1 - (1 << (int)WrapMember.Hmac);
        if ((_seen & needed) != needed || LineWrapping.IsWrapping(ValueOf(WrapMember.Message)))
        {
            return null;
        }

        var hasHmac = (_seen & (1 << (int)WrapMember.Hmac)) != 0;
        AsciiText hmac = default;
        return TryTake(line, WrapMember.AgentFingerprint, WrapRules.AgentFingerprint, out var fingerprint, memory?.AgentFingerprint)
            && TryTake(line, WrapMember.Role, WrapRules.Role, out var role, memory?.Role)
            && TryTake(line, WrapMember.Nonce, WrapRules.Nonce, out var nonce)
            && (!hasHmac || TryTake(line, WrapMember.Hmac, WrapRules.Hmac, out hmac))
            && TryTakeTime(memory, out var timestamp, out var time)
            ? new WrappedLine(fingerprint, role, timestamp, time, nonce, hasHmac ? hmac : null, line[_values[(int)WrapMember.Message]])
            : null;
    }

    private readonly ReadOnlySpan<byte> ValueOf(WrapMember member) => _line[_values[(int)member]];

    private readonly bool TryTakeTime(WrapMemory? memory, out string text, out DateTimeOffset time)
    {
        var value = ValueOf(WrapMember.Timestamp);
        if (memory is not null && IsSame(value, memory.TimestampText))
        {
            (text, time) = (memory.TimestampText, memory.Timestamp);
            return true;
        }

        text = value.Length <= Limits.TimestampCharsMax ? Encoding.ASCII.GetString(value) : "";
        return Rfc3339.TryParse(text, out time);
    }

    // Nothing was right before the first line.
    private static bool IsSame(ReadOnlySpan<byte> value, string? known) => known is { Length: > 0 } && Ascii.Equals(value, known);

    // What is another one in each line stays where it stands.
    private readonly bool TryTake(ReadOnlyMemory<byte> line, WrapMember member, WrapRules rules, out AsciiText text)
    {
        text = new AsciiText(line[_values[(int)member]]);
        var value = text.Bytes.Span;
        if (value.Length > rules.CharsMax)
        {
            return false;
        }

        Span<char> chars = stackalloc char[value.Length];
        Encoding.ASCII.GetChars(value, chars);
        return rules.IsRight(chars);
    }

    // A wrong text is not even made.
    private readonly bool TryTake(ReadOnlyMemory<byte> line, WrapMember member, WrapRules rules, out string text, string? known)
    {
        if (IsSame(ValueOf(member), known))
        {
            text = known!;
            return true;
        }

        var isRight = TryTake(line, member, rules, out var bytes);
        text = isRight ? bytes.ToString() : "";
        return isRight;
    }
}
