using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using CsCheck;

namespace Hydravisor.Protocol.Tests;

/// <summary>What holds for every wrapped line: it is good as it was written, and in no other way.</summary>
public class SignatureTests
{
    private static readonly string[] Plain =
    [
        $"\"agent_fingerprint\" : \"{Wrappings.Fingerprint}\"",
        "\"role\":\"sandboxed\"",
        "\"timestamp\":\"2026-01-01T00:00:00Z\"",
        "\"nonce\": \"0123456789abcdef\"",
        $"\"hmac\":\"{new string('0', 64)}\"",
        "\"message\":{\"type\":\"vm/list\",\"meta\":{\"request_id\":\"}\"}}",
    ];

    /// <summary>Also what is wrong, or unusual.</summary>
    private static readonly string[] Members =
    [
        .. Plain, "\"type\":\"vm/list\"", "\"type\":null", "\"jsonrpc\":\"2.0\"", "\"later\":1", "\"hmac\":null", "\"r\\u006fle\":\"trusted\"", "\"role\":\"a b\"",
        "\"nonce\":\"short\"", "\"timestamp\":\"2026-01-01\"", "\"message\":{\"agent_fingerprint\":\"x\"}", "\"message\":{]", "\"message\":[]", "\"message\":\"{}\"",
    ];

    [Fact]
    public void Every_message_that_is_wrapped_unwraps_and_verifies() =>
        Wrappings.Any.Sample(
            it =>
            {
                var line = LineWrapping.Unwrap(Wrappings.Wrap(it)).Wrapped;
                Assert.NotNull(line);
                Assert.Equal(
                    (MessageSignature.FingerprintOf(it.Key), it.Role, it.Time, it.Nonce, it.Message.Meta?.RequestId),
                    (line.AgentFingerprint, line.Role, line.Timestamp, line.Nonce.ToString(), line.RequestId));
                Assert.Equal(Lines.Encode(it.Message), Encoding.UTF8.GetString(line.Message.Span));
                Assert.True(MessageSignature.Verify(it.Key, line));
                Assert.True(MessageSignature.Verify(it.Key, line with { Hmac = AsciiText.Of(line.Hmac!.Value.ToString().ToUpperInvariant()) }));
                Assert.False(MessageSignature.Verify([.. it.Key, 1], line));
                Assert.False(MessageSignature.Verify(it.Key, line with { Hmac = null }));
            },
            iter: 5_000);

    [Fact]
    public void A_bit_flipped_anywhere_is_refused_or_does_not_verify() =>
        Gen.Select(Wrappings.Any, Gen.Int[0, 1 << 20], Gen.Int[0, 7]).Sample(
            (it, at, bit) =>
            {
                var bytes = Wrappings.Wrap(it);
                var before = LineWrapping.Unwrap(bytes.ToArray()).Wrapped!;
                bytes[at % bytes.Length] ^= (byte)(1 << bit);
                AssertNotForged(it.Key, before, LineWrapping.Unwrap(bytes));
            },
            iter: 30_000);

    [Fact]
    public void Any_mutation_of_a_wrapped_line_is_refused_or_does_not_verify() =>
        Gen.Select(Wrappings.Any, Gen.Select(Gen.Int[0, 1 << 16], Gen.Int[0, 3], Gen.Byte).Array[1, 4]).Sample(
            (it, mutations) =>
            {
                var bytes = Wrappings.Wrap(it);
                var before = LineWrapping.Unwrap(bytes).Wrapped!;
                AssertNotForged(it.Key, before, LineWrapping.Unwrap(CodecPropertyTests.Mutated([.. bytes], mutations)));
            },
            iter: 30_000);

    [Fact]
    public void The_short_way_reads_what_the_general_way_reads_or_leaves_it_to_that() =>
        Gen.Select(
            Gen.OneOf(
                Wrappings.Any.Select(Wrappings.Wrap),
                Gen.Select(Gen.OneOf(Gen.Shuffle(Plain), Gen.OneOf(Members).Array[4, 8]), Gen.OneOf(Members).Array[0, 1], Gen.OneOf(",", ",", " , ", ",\t"), Gen.OneOf("", "", " ", "x"))
                    .Select((members, more, comma, end) => Encoding.UTF8.GetBytes($"{{{string.Join(comma, [.. members, .. more])}}}{end}"))),
            Gen.Select(Gen.Int[0, 1 << 16], Gen.Int[0, 3], Gen.Byte).Array[0, 2]).Sample(
            (line, mutations) =>
            {
                var bytes = CodecPropertyTests.Mutated([.. line], mutations);
                if (PlainWrapping.TryRead(bytes) is { } plain)
                {
                    Assert.Equal(LineWrapping.UnwrapAny(bytes).Wrapped, plain);
                }
            },
            iter: 50_000);

    [Fact]
    public void What_lines_said_before_changes_nothing_of_what_a_line_says() =>
        Gen.Select(
            Gen.OneOf(Wrappings.Any.Select(Wrappings.Wrap), Gen.Shuffle(Plain).Select(members => Encoding.UTF8.GetBytes($"{{{string.Join(',', members)}}}"))).Array[1, 3],
            Gen.Select(Gen.Int[0, 2], Gen.Select(Gen.Int[0, 1 << 16], Gen.Int[0, 3], Gen.Byte).Array[0, 2]).Array[2, 8]).Sample(
            (lines, sent) =>
            {
                var memory = new WrapMemory();
                foreach (var (which, mutations) in sent)
                {
                    var line = CodecPropertyTests.Mutated([.. lines[which % lines.Length]], mutations);
                    var (with, without) = (LineWrapping.Unwrap(line, memory), LineWrapping.Unwrap(line));
                    Assert.Equal((without.IsBare, without.Wrapped, without.Refusal?.Message), (with.IsBare, with.Wrapped, with.Refusal?.Message));
                }
            },
            iter: 30_000);

    [Fact]
    public void Of_the_next_line_of_the_same_agent_only_what_is_new_is_made()
    {
        var memory = new WrapMemory();
        var (first, second) = (Encoding.UTF8.GetBytes(Wrappings.With()), Encoding.UTF8.GetBytes(Wrappings.With("nonce", "\"fedcba9876543210\"")));
        var before = LineWrapping.Unwrap(first, memory).Wrapped!;
        var after = LineWrapping.Unwrap(second, memory).Wrapped!;
        Assert.Same(before.AgentFingerprint, after.AgentFingerprint);
        Assert.Same(before.Role, after.Role);
        Assert.Same(before.TimestampText, after.TimestampText);
        Assert.NotEqual(before.Nonce, after.Nonce);
        Assert.All([after.Nonce, after.Hmac!.Value], text => Assert.True(MemoryMarshal.TryGetArray(text.Bytes, out var piece) && ReferenceEquals(second, piece.Array)));
    }

    [Fact]
    public void What_clients_write_is_read_the_short_way()
    {
        Assert.NotNull(PlainWrapping.TryRead(Wrappings.Wrap((new VmList(), Wrappings.Key, "sandboxed", DateTimeOffset.UnixEpoch, "0123456789abcdef"))));
        Assert.All(
            ["agent_fingerprint", "role", "timestamp", "nonce", "hmac", "message"],
            last => Assert.NotNull(PlainWrapping.TryRead(Encoding.UTF8.GetBytes($"{{ {string.Join(" , ", Plain.OrderBy(member => member.Contains(last, StringComparison.Ordinal)))} }}"))));
    }

    [Fact]
    public void Each_signed_part_counts()
    {
        var line = LineWrapping.Unwrap(Wrappings.Wrap((new VmList(), Wrappings.Key, "sandboxed", DateTimeOffset.UnixEpoch, "0123456789abcdef"))).Wrapped!;
        Assert.True(MessageSignature.Verify(Wrappings.Key, line));
        Assert.All(
            [
                line with { AgentFingerprint = new string('0', 64) },
                line with { Role = "trusted" },
                line with { TimestampText = "1970-01-01T00:00:01.000Z" },
                line with { Nonce = AsciiText.Of("0123456789abcdeF") },
                line with { Message = """{"type":"vm/list" }"""u8.ToArray() },
                line with { Hmac = AsciiText.Of(new string('0', 64)) },
                line with { Hmac = AsciiText.Of("00") },
                line with { Hmac = AsciiText.Of(new string('x', 64)) },
            ],
            altered => Assert.False(MessageSignature.Verify(Wrappings.Key, altered)));
    }

    [Fact]
    public void The_signature_is_the_HMAC_of_the_parts_with_a_line_feed_behind_each() =>
        Gen.Select(Gen.Byte.Array[0, 200], Messages.Text, Messages.Text, Messages.Text, Gen.Byte.Array[0, 3000]).Sample(
            (key, fingerprint, role, nonce, message) => Assert.Equal(
                HMACSHA256.HashData(key, (byte[])[.. Encoding.UTF8.GetBytes($"{fingerprint}\n{role}\nt\n{nonce}\n"), .. message]),
                MessageSignature.Compute(key, fingerprint, role, "t", nonce, message)),
            iter: 5_000);

    [Fact]
    public void Unwrap_never_throws_on_any_bytes() =>
        Gen.Byte.Array[0, 200].Sample(bytes => AssertAnswered(bytes), iter: 50_000);

    [Fact]
    public void Unwrap_never_throws_on_any_characters_of_JSON() =>
        Gen.OneOf("{", "}", "[", "]", ":", ",", "\"type\"", "\"message\"", "\"meta\"", "\"request_id\"", "\"r1\"", "\"agent_fingerprint\"", "\"role\"",
                "\"hmac\"", "\"nonce\"", "\"timestamp\"", "null", "true", "7", "\"\\ud800\"", "\"m\\u0065ssage\"", "{\"message\":", " ", "\xff")
            .Array[0, 24].Sample(pieces => AssertAnswered(Encoding.Latin1.GetBytes(string.Concat(pieces))), iter: 100_000);

    /// <summary>A good signature after a change is good only where the change left everything that is signed as it was.</summary>
    private static void AssertNotForged(byte[] key, WrappedLine before, Unwrapped after)
    {
        if (after.Wrapped is { } line && MessageSignature.Verify(key, line))
        {
            Assert.Equal(before with { Message = default, Hmac = null }, line with { Message = default, Hmac = null });
            Assert.True(before.Message.Span.SequenceEqual(line.Message.Span));
            Assert.Equal(before.Hmac?.ToString(), line.Hmac?.ToString(), ignoreCase: true);
        }
        else if (after.Refusal is { } refusal)
        {
            Assert.NotEmpty(Lines.Encode(refusal));
        }
    }

    private static void AssertAnswered(byte[] bytes)
    {
        var unwrapped = LineWrapping.Unwrap(bytes);
        Assert.Equal(1, (unwrapped.IsBare ? 1 : 0) + (unwrapped.Wrapped is null ? 0 : 1) + (unwrapped.Refusal is null ? 0 : 1));
        if (unwrapped.Refusal is { } refusal)
        {
            Assert.Equal(ErrorCode.BadRequest, refusal.Code);
            Assert.NotEmpty(Lines.Encode(refusal));
        }
    }
}
