using System.Buffers;
using System.Text;
using CsCheck;

namespace Hydravisor.Protocol.Tests;

/// <summary>Wrapped lines, for tests.</summary>
internal static class Wrappings
{
    /// <summary>The key of the examples; its fingerprint begins with 2c26.</summary>
    public static readonly byte[] Key = "foo"u8.ToArray();

    public const string Fingerprint = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

    /// <summary>What everything may be made of that must be printable ASCII, those that JSON escapes too.</summary>
    private static readonly Gen<char> Printable = Gen.Char['!', '~'];

    public static readonly Gen<string> Role = Printable.Array[1, 64].Select(chars => new string(chars));

    public static readonly Gen<string> Nonce = Printable.Array[16, 64].Select(chars => new string(chars));

    public static readonly Gen<(ClientMessage Message, byte[] Key, string Role, DateTimeOffset Time, string Nonce)> Any = Gen.Select(
        Messages.Client, Gen.Byte.Array[1, 80], Role, Gen.Long[0, 4_000_000_000_000].Select(DateTimeOffset.FromUnixTimeMilliseconds), Nonce);

    /// <summary>The line without its LF.</summary>
    public static byte[] Wrap((ClientMessage Message, byte[] Key, string Role, DateTimeOffset Time, string Nonce) it)
    {
        var buffer = new ArrayBufferWriter<byte>();
        LineWrapping.Wrap(it.Message, it.Key, it.Role, it.Time, it.Nonce, buffer);
        Assert.Equal(buffer.WrittenCount - 1, buffer.WrittenSpan.IndexOf((byte)'\n'));
        return buffer.WrittenSpan[..^1].ToArray();
    }

    /// <summary>A line of the usual members; one may be put in place of another, null leaves it out.</summary>
    public static string With(string? member = null, string? json = null)
    {
        var members = new Dictionary<string, string?>
        {
            ["agent_fingerprint"] = $"\"{Fingerprint}\"",
            ["role"] = "\"sandboxed\"",
            ["timestamp"] = "\"2026-01-01T00:00:00Z\"",
            ["nonce"] = "\"0123456789abcdef\"",
            ["hmac"] = $"\"{new string('0', 64)}\"",
            ["message"] = """{"type":"vm/list","meta":{"request_id":"r1"}}""",
        };
        if (member is not null)
        {
            members[member] = json;
        }

        return $"{{{string.Join(',', members.Where(each => each.Value is not null).Select(each => $"\"{each.Key}\":{each.Value}"))}}}";
    }

    public static Unwrapped Unwrap(string line) => LineWrapping.Unwrap(Encoding.UTF8.GetBytes(line));
}
