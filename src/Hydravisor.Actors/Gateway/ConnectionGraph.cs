using System.Runtime.InteropServices;
using System.Threading.Channels;
using Akka;
using Akka.Actor;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Hydravisor.Actors.Sessions;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Gateway;

/// <summary>What the bytes of one connection pass through.</summary>
/// <remarks>
/// <code><![CDATA[
/// socket ─> cut lines (many per chunk) ─> session   (next batch after its Ack)
/// socket <─ gather chunks <──────────── session   (bounded channel; a chunk may be shared by many connections)
/// ]]></code>
/// A kill switch in both directions ends it from outside. Whose peer does not close its side when ours is closed is reset.
/// </remarks>
internal static class ConnectionGraph
{
    private const int WriteBytes = 64 * 1024;
    private static readonly TimeSpan RefusedLinger = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    /// <summary>The flow of a connection that a session serves.</summary>
    /// <remarks>A peer that takes nothing for <see cref="GatewaySettings.StallMax"/> while there is something for it is reset. Else one whose
    /// session cut it for not reading, and that goes on not to read, would hold its socket and a full channel for ever, and count nowhere.</remarks>
    public static Flow<ByteString, ByteString, NotUsed> Served(
        IActorRef session, ChannelReader<ReadOnlyMemory<byte>> outbound, GatewaySettings settings, SharedKillSwitch stop)
    {
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var inward = Flow.Create<ByteString>()
            .Via(new PeersEnd(written.Task, Farewell))
            .Via(stop.Flow<ByteString>())
            .Via(new LineFramer(settings.LineBytesMax, settings.LineTimeMax))
            .To(Sink.ActorRefWithAck<SessionProtocol.LineBatch>(
                session,
                SessionProtocol.Opened.Instance,
                SessionProtocol.Ack.Instance,
                SessionProtocol.InputEnded.Instance,
                e => new SessionProtocol.InputFailed(e.Message)));
        var outward = ChannelSource.FromReader(outbound)
            .Select(ToByteString)
            .BatchWeighted(WriteBytes, bytes => bytes.Count, bytes => bytes, (sum, bytes) => sum.Concat(bytes))
            .Via(stop.Flow<ByteString>())
            .BackpressureTimeout(settings.StallMax)
            .WatchTermination((nothing, ended) =>
            {
                ended.ContinueWith(_ => written.TrySetResult(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                return nothing;
            });
        return Flow.FromSinkAndSource(inward, outward);
    }

    /// <summary>The flow of a connection that is closed without a word.</summary>
    public static Flow<ByteString, ByteString, NotUsed> Dropped { get; } =
        Flow.FromSinkAndSource(Sink.Cancelled<ByteString>(), Source.Failed<ByteString>(new TimeoutException("too many at once")));

    /// <summary>The flow of a connection that is answered one line and closed. What it sent is read and dropped until it closes too, for a second:
    /// unread bytes would reset the connection, and the line be lost.</summary>
    /// <param name="why">The line.</param>
    /// <param name="ended">Told when it is over.</param>
    public static Flow<ByteString, ByteString, NotUsed> Refused(ServerMessage why, Action ended)
    {
        var line = new System.Buffers.ArrayBufferWriter<byte>();
        LineCodec.Encode(why, line);
        var inward = Flow.Create<ByteString>().CompletionTimeout(RefusedLinger).To(Sink.OnComplete<ByteString>(ended, _ => ended()));
        return Flow.FromSinkAndSource(inward, Source.Single(ToByteString(line.WrittenMemory)));
    }

    private static ByteString ToByteString(ReadOnlyMemory<byte> chunk) =>
        MemoryMarshal.TryGetArray(chunk, out var segment)
            ? ByteString.FromBytes(segment.Array!, segment.Offset, segment.Count)
            : ByteString.FromBytes(chunk.ToArray());
}
