using System.Buffers;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Gateway;
using Hydravisor.Actors.Sessions;
using Hydravisor.Protocol;

namespace Hydravisor.Fuzz;

/// <summary>What holds for all bytes that a peer may send, on their way from the socket into a session.</summary>
/// <remarks>What a line costs is counted in bytes that are allocated, not in time: more than a constant and a multiple of its length is a finding.</remarks>
internal sealed class Promises
{
    private const int AllocatedPerLineMax = 64 * 1024;
    private const int AllocatedPerByteMax = 128;

    private static readonly byte[] Known = """{"type":"vm/list","meta":{"request_id":"known"}}"""u8.ToArray();

    private readonly Signer _signer;
    private readonly List<ServerMessage> _sent = [];
    private readonly SessionIdentity _identity;

    /// <summary>Makes them.</summary>
    /// <param name="signer">Whoever signs: what else has a right signature is a finding.</param>
    public Promises(Signer signer)
    {
        _signer = signer;
        var agent = Agent.New(AgentKey.Of(signer.Key, DateTimeOffset.UnixEpoch), ["trusted", "sandboxed"], "fuzz");
        var access = new AccessControl(new Policy("trusted", "none"), AgentBook.Of([agent]), replay: null, TimeProvider.System);
        var connection = new Connection("c1", new IPEndPoint(IPAddress.Loopback, 1), Channel.CreateBounded<ReadOnlyMemory<byte>>(1).Writer);
        _identity = new SessionIdentity(connection, access, () => { }, (_, _, answer) => answer(), _sent.Add);
    }

    /// <summary>Checks all of them on a stream.</summary>
    /// <param name="stream">The bytes.</param>
    /// <param name="chunks">The same, in pieces.</param>
    /// <param name="lineBytesMax">The longest line.</param>
    /// <returns>How many lines it has.</returns>
    /// <exception cref="PromiseBrokenException">One of them does not hold.</exception>
    public int Check(byte[] stream, IReadOnlyList<byte[]> chunks, int lineBytesMax)
    {
        var whole = Cut([stream], lineBytesMax);
        Holds(IsCheap(() => Cut([stream], lineBytesMax), stream.Length), "to cut lines costs too much memory");
        var lines = whole.ConvertAll(line => LineModel.Shown(line.Bytes.Span, line.SkippedBytes));
        Holds(lines.SequenceEqual(LineModel.Of(stream, lineBytesMax)), "the lines are not those that the protocol says");
        Holds(Cut(chunks, lineBytesMax).Select(line => LineModel.Shown(line.Bytes.Span, line.SkippedBytes)).SequenceEqual(lines), "other chunks make other lines");
        foreach (var line in whole.Where(line => line.SkippedBytes == 0))
        {
            CheckLine(line.Bytes);
        }

        CheckNext(stream, lineBytesMax);
        return lines.Count;
    }

    private static List<InboundLine> Cut(IReadOnlyList<byte[]> chunks, int lineBytesMax)
    {
        var cutter = new LineCutter(lineBytesMax);
        return [.. chunks.SelectMany(chunk => cutter.Cut(chunk.ToArray())), .. cutter.Finish()];
    }

    private void CheckLine(ReadOnlyMemory<byte> line)
    {
        var before = line.ToArray();
        var unwrapped = LineWrapping.Unwrap(line);
        var message = unwrapped.IsBare ? line : unwrapped.Wrapped?.Message;
        var decoded = message is { } json ? LineCodec.Decode(json.Span) : (Decoded?)null;
        Holds(IsCheap(() => LineWrapping.Unwrap(line), line.Length), "to unwrap a line costs too much memory");
        Holds(message is null || IsCheap(() => LineCodec.Decode(message.Value.Span), line.Length), "to decode a line costs too much memory");
        Holds((unwrapped.IsBare ? 1 : 0) + (unwrapped.Wrapped is null ? 0 : 1) + (unwrapped.Refusal is null ? 0 : 1) == 1, "a line is not one of bare, wrapped and refused");
        if (unwrapped.Refusal is { } refusal)
        {
            CheckAnswer(refusal);
        }

        if (unwrapped.Wrapped is { } wrapped)
        {
            CheckWrapped(line, wrapped);
        }

        if (decoded is { } it)
        {
            Holds(it.Message is null != it.Refusal is null, "a line is not one of message and refusal");
            CheckDecoded(it);
        }

        _sent.Clear();
        var taken = _identity.Take(line);
        Holds(_sent.Count(sent => sent is not Authorize) == (taken is null ? 1 : 0), "a session neither took a line nor answered it once");
        Holds(taken is null || (decoded is { IsMessage: true } read && Encoded(read.Message) == Encoded(taken.Value.Message)), "a session took another message than the line has");
        Holds(line.Span.SequenceEqual(before), "the bytes of a line were written to");
    }

    // It was done once before: what a first time costs is not the line's fault.
    private static bool IsCheap<T>(Func<T> work, int bytes)
    {
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        work();
        return GC.GetAllocatedBytesForCurrentThread() - allocated <= AllocatedPerLineMax + ((long)AllocatedPerByteMax * bytes);
    }

    private void CheckWrapped(ReadOnlyMemory<byte> line, WrappedLine wrapped)
    {
        _ = wrapped.RequestId;
        using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = int.MaxValue });
        var message = document.RootElement.EnumerateObject().Single(member => member.NameEquals("message"));
        Holds(JsonMarshal.GetRawUtf8Value(message.Value).SequenceEqual(wrapped.Message.Span), "the message of a wrapping is not the bytes that stand there");
        Holds(!MessageSignature.Verify(_signer.Key, wrapped) || _signer.HasSigned(wrapped), "a signature is right and nobody made it");
    }

    private static void CheckDecoded(Decoded decoded)
    {
        if (!decoded.IsMessage)
        {
            CheckAnswer(decoded.Refusal);
            return;
        }

        var line = Encoded(decoded.Message);
        Holds(line.IndexOf('\n') == line.Length - 1, "a message is not written as one line");
        var again = LineCodec.Decode(Encoding.UTF8.GetBytes(line).AsSpan()[..^1]);
        Holds(again.IsMessage && Encoded(again.Message) == line, "a message that is written is not read as it was");
    }

    private static void CheckAnswer(ServerMessage answer)
    {
        var bytes = new ArrayBufferWriter<byte>();
        LineCodec.Encode(answer, bytes);
        Holds(bytes.WrittenSpan.IndexOf((byte)'\n') == bytes.WrittenCount - 1, "an answer is not written as one line");
        using var json = JsonDocument.Parse(bytes.WrittenMemory);
        Holds(answer is not ErrorMessage || LineCodec.DecodeServer(bytes.WrittenSpan[..^1]) is ErrorMessage read && Encoded(read) == Encoding.UTF8.GetString(bytes.WrittenSpan), "an error is not read as it was written");
    }

    // Whatever came before: a line that is right is understood behind it.
    private static void CheckNext(byte[] stream, int lineBytesMax)
    {
        if (lineBytesMax >= Known.Length)
        {
            var last = Cut([stream, [(byte)'\n'], Known], lineBytesMax)[^1];
            Holds(last.Bytes.Span.SequenceEqual(Known) && LineCodec.Decode(last.Bytes.Span).Message is VmList, "a line behind these bytes is not understood");
        }
    }

    private static string Encoded(ClientMessage message)
    {
        var bytes = new ArrayBufferWriter<byte>();
        LineCodec.Encode(message, bytes);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static string Encoded(ServerMessage message)
    {
        var bytes = new ArrayBufferWriter<byte>();
        LineCodec.Encode(message, bytes);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static void Holds(bool promise, string broken)
    {
        if (!promise)
        {
            throw new PromiseBrokenException(broken);
        }
    }
}
