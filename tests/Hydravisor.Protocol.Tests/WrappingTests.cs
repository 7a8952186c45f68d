using System.Buffers;
using System.Text;

namespace Hydravisor.Protocol.Tests;

/// <summary>What is a wrapping, what is in it, and what is wrong with one that is none.</summary>
public class WrappingTests
{
    [Fact]
    public void A_wrapped_line_gives_its_members_and_the_message_byte_for_byte()
    {
        const string message = """{ "type" : "vm\/list", "meta":{"request_id":"r1"} , "später":1.0 }""";
        var bytes = Encoding.UTF8.GetBytes(Wrappings.With("message", message));
        var line = LineWrapping.Unwrap(bytes).Wrapped;
        Assert.NotNull(line);
        Assert.Equal(
            (Wrappings.Fingerprint, "sandboxed", "2026-01-01T00:00:00Z", "0123456789abcdef", new string('0', 64), "r1"),
            (line.AgentFingerprint, line.Role, line.TimestampText, line.Nonce.ToString(), line.Hmac?.ToString(), line.RequestId));
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), line.Timestamp);
        Assert.Equal(message, Encoding.UTF8.GetString(line.Message.Span));
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(line.Message, out var piece) && ReferenceEquals(bytes, piece.Array));
        Assert.IsType<VmList>(LineCodec.Decode(line.Message.Span).Message);
    }

    [Fact]
    public void The_members_may_stand_in_any_order_be_escaped_and_have_room_around_them()
    {
        var line = Wrappings.Unwrap(
            $$"""
             { "message" : {"type":"vm/list"} ,"\u0072ole":"sand\u0062oxed","hmac":null,"type":null,"nonce":"0123456789ab\"\\ef","timestamp":"2026-01-01t01:00:00.1234567899+01:00","agent_fingerprint":"{{Wrappings.Fingerprint}}"}
            """.Trim()).Wrapped;
        Assert.NotNull(line);
        Assert.Equal(("sandboxed", "0123456789ab\"\\ef", null, null), (line.Role, line.Nonce.ToString(), line.Hmac?.ToString(), line.RequestId));
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(1234567), line.Timestamp);
    }

    [Theory]
    [InlineData("""{"type":"vm/list"}""")]
    [InlineData("""{"type":"vm/list","message":{},"agent_fingerprint":"x"}""")]
    [InlineData("""{"message":{},"agent_fingerprint":"x","hmac":"x","type":"vm/list"}""")]
    [InlineData("""{"agent_fingerprint":"x","\u0074ype":"vm/list"}""")]
    [InlineData("""{"message":{},"type":7}""")]
    [InlineData("""{"model":"\"agent_fingerprint\":\"x\",\"message\":{}","os":"x","type":"vm/create"}""")]
    [InlineData("""{"meta":{"labels":{"agent_fingerprint":"x","message":"y","hmac":"z"}},"type":"vm/create","os":"x"}""")]
    [InlineData("""{"meta":{"type":"x","message":{}}}""")]
    [InlineData("""{"role":"operator","instance_id":"vm-23ac1a9d","type":"vm/attach-terminal"}""")]
    [InlineData("""{"role":"operator","nonce":"x"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"message":{}}""")]
    [InlineData("""[{"message":{}}]""")]
    [InlineData("\"message\"")]
    [InlineData("""{"type":null}""")]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("message")]
    public void A_line_with_a_type_or_without_a_member_of_wrappings_is_bare(string line) =>
        Assert.True(Wrappings.Unwrap(line).IsBare);

    [Fact]
    public void A_bare_line_makes_nothing()
    {
        ReadOnlyMemory<byte>[] lines =
        [
            """{"type":"vm/state","instance_id":"vm-23ac1a9d","query":true}"""u8.ToArray(),
            """{"meta":{"request_id":"r1","labels":{"message":"x"}},"role":"a","instance_id":"vm-23ac1a9d","type":"vm/state"}"""u8.ToArray(),
        ];
        Assert.All(lines, line => Assert.True(LineWrapping.Unwrap(line).IsBare));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1000; round++)
        {
            _ = LineWrapping.Unwrap(lines[round % lines.Length]);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData("agent_fingerprint", null, "agent_fingerprint is missing; it must be a string of 64 lowercase hexadecimal digits")]
    [InlineData("agent_fingerprint", "null", "agent_fingerprint is missing")]
    [InlineData("agent_fingerprint", "7", "agent_fingerprint is a number; it must be a string of 64 lowercase")]
    [InlineData("agent_fingerprint", "\"2c26\"", "agent_fingerprint is \"2c26\"; it must be a string of 64 lowercase")]
    [InlineData("agent_fingerprint", "\"2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE\"", "it must be a string of 64 lowercase")]
    [InlineData("agent_fingerprint", "\"\\ud800\"", "agent_fingerprint is no valid text")]
    [InlineData("role", null, "role is missing; it must be a string of 1 to 64 printable ASCII characters without spaces, such as \"sandboxed\"")]
    [InlineData("role", "\"\"", "role is \"\"; it must be")]
    [InlineData("role", "\"a b\"", "role is \"a b\"; it must be")]
    [InlineData("role", "\"a\\nb\"", "role is \"a\uFFFDb\"; it must be")]
    [InlineData("role", "\"ä\"", "role is \"ä\"; it must be")]
    [InlineData("role", "[\"sandboxed\"]", "role is an array; it must be")]
    [InlineData("timestamp", null, "timestamp is missing; it must be a string with an RFC 3339 time, such as \"2026-01-01T00:00:00Z\"")]
    [InlineData("timestamp", "1767225600", "timestamp is a number; it must be")]
    [InlineData("timestamp", "\"2026-01-01\"", "timestamp is \"2026-01-01\"; it must be")]
    [InlineData("timestamp", "\"2026-01-01T00:00:00\"", "timestamp is \"2026-01-01T00:00:00\"; it must be")]
    [InlineData("timestamp", "\"2026-01-01 00:00:00Z\"", "it must be a string with an RFC 3339 time")]
    [InlineData("timestamp", "\"2026-02-30T00:00:00Z\"", "it must be a string with an RFC 3339 time")]
    [InlineData("timestamp", "\"2026-01-01T00:00:00.Z\"", "it must be a string with an RFC 3339 time")]
    [InlineData("timestamp", "\"2026-01-01T00:00:00.5\"", "it must be a string with an RFC 3339 time")]
    [InlineData("timestamp", "\"2026-01-01T00:00:00+0100\"", "it must be a string with an RFC 3339 time")]
    [InlineData("timestamp", "\"2026-01-01T00:00:00+24:00\"", "it must be a string with an RFC 3339 time")]
    [InlineData("timestamp", "\"0001-01-01T00:00:00+01:00\"", "it must be a string with an RFC 3339 time")]
    [InlineData("nonce", null, "nonce is missing; it must be a string of 16 to 64 printable ASCII characters without spaces, a new one in each line")]
    [InlineData("nonce", "\"0123456789abcde\"", "nonce is \"0123456789abcde\"; it must be a string of 16 to 64 printable ASCII characters without spaces")]
    [InlineData("nonce", "\"01234567 9abcdef\"", "nonce is \"01234567 9abcdef\"; it must be")]
    [InlineData("nonce", "\"0123456789abcde\\u007f\"", "it must be a string of 16 to 64 printable ASCII characters without spaces")]
    [InlineData("nonce", "true", "nonce is a boolean; it must be")]
    [InlineData("hmac", "\"00\"", "hmac is \"00\"; it must be a string of 64 hexadecimal digits, the HMAC-SHA256 with the agent's key")]
    [InlineData("hmac", "\"g000000000000000000000000000000000000000000000000000000000000000\"", "it must be a string of 64 hexadecimal digits")]
    [InlineData("hmac", "{}", "hmac is an object; it must be")]
    [InlineData("later", "1", "\"later\" is no member of a wrapping; those are agent_fingerprint, role, timestamp, nonce, hmac, message, and all else goes into message")]
    [InlineData("meta", "{\"request_id\":\"r1\"}", "\"meta\" is no member of a wrapping")]
    [InlineData("role\":\"x\",\"role", "\"y\"", "the key \"role\" stands twice in one object; send each key once")]
    [InlineData("later\":1,\"nonc\\u0065", "\"x\"", "the key \"nonce\" stands twice in one object")]
    public void A_malformed_member_is_answered_400_with_what_would_be_right(string member, string? json, string reason)
    {
        var error = Wrappings.Unwrap(Wrappings.With(member, json)).Refusal;
        Assert.NotNull(error);
        Assert.Equal((ErrorCode.BadRequest, "r1"), (error.Code, error.Meta?.RequestId));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "message is missing; it must be an object, the message itself")]
    [InlineData("null", "message is missing")]
    [InlineData("\"{}\"", "message is a string; it must be an object, the message itself")]
    [InlineData("[]", "message is an array; it must be")]
    [InlineData("""{"message":{"type":"vm/list"}}""", "message is itself a wrapped message; wrap a message once")]
    [InlineData("""{"agent_fingerprint":"x"}""", "message is itself a wrapped message; wrap a message once")]
    public void A_malformed_message_is_answered_400_with_what_would_be_right(string? json, string reason)
    {
        var error = Wrappings.Unwrap(Wrappings.With("message", json)).Refusal;
        Assert.NotNull(error);
        Assert.Equal(ErrorCode.BadRequest, error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrapping_that_is_no_JSON_is_answered_400_in_the_words_of_the_codec()
    {
        var whole = Wrappings.With();
        Assert.Contains("send the whole object on one line", Wrappings.Unwrap(whole[..^1]).Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("more on the line after the JSON object", Wrappings.Unwrap(whole + "}").Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("the line is not JSON", Wrappings.Unwrap(Wrappings.With("message", "{type}")).Refusal!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_very_long_value_is_refused_unread_and_not_echoed()
    {
        var error = Wrappings.Unwrap(Wrappings.With("nonce", $"\"{new string('x', 500_000)}\"")).Refusal;
        Assert.StartsWith("nonce is too long; it must be a string of 16 to 64", error!.Message, StringComparison.Ordinal);
        Assert.InRange(Wrappings.Unwrap(Wrappings.With(new string('x', 500_000), "1")).Refusal!.Message.Length, 1, 300);
    }

    [Fact]
    public void What_is_wrong_in_the_message_is_for_the_codec_to_say()
    {
        var deep = Wrappings.Unwrap(Wrappings.With("message", $$$"""{"later":{{{new string('[', 100)}}}{{{new string(']', 100)}}},"meta":{"request_id":"r1"}}""")).Wrapped;
        Assert.Equal("r1", deep!.RequestId);
        Assert.Equal("the line nests deeper than 32 objects and arrays", LineCodec.Decode(deep.Message.Span).Error!.Message);
        Assert.Null(Wrappings.Unwrap(Wrappings.With("message", """{"meta":{"request_id":""}}""")).Wrapped!.RequestId);
    }

    [Fact]
    public void A_line_is_wrapped_as_approved()
    {
        var line = Encoding.UTF8.GetString(Wrappings.Wrap((
            new VmList { Meta = new MessageMeta { RequestId = "r1" } }, Wrappings.Key, "sandboxed",
            new DateTimeOffset(2026, 1, 1, 1, 0, 0, TimeSpan.FromHours(1)), "0123456789abcdef")));

        // The signature is that of: printf '…' | openssl dgst -sha256 -hmac foo
        Assert.Equal(
            $$$$"""{"agent_fingerprint":"{{{{Wrappings.Fingerprint}}}}","role":"sandboxed","timestamp":"2026-01-01T00:00:00.000Z","nonce":"0123456789abcdef","hmac":"144f4679e44cf9d5b8f37305c5c0fed32d676117d42ad549a96529ff983b2f71","message":{"type":"vm/list","meta":{"request_id":"r1"}}}""",
            line);
    }

    [Fact]
    public void What_cannot_be_read_again_is_not_written()
    {
        var to = new ArrayBufferWriter<byte>();
        var role = Assert.Throws<ArgumentException>(() => LineWrapping.Wrap(new VmList(), Wrappings.Key, "a\nb", default, "0123456789abcdef", to));
        Assert.StartsWith("The role is \"a\uFFFDb\"; it must be a string of 1 to 64 printable", role.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => LineWrapping.Wrap(new VmList(), Wrappings.Key, "a", default, "short", to));
        Assert.Throws<ArgumentException>(() => LineWrapping.Wrap(new VmList(), [], "a", default, "0123456789abcdef", to));
        Assert.Equal(0, to.WrittenCount);
    }
}
