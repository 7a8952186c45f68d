using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Akka;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Util;
using Hydravisor.Actors.Sessions;

namespace Hydravisor.Actors.Gateway.Tls;

/// <summary>A connection of TLS whose handshake is done, and its transport: what Akka's TCP is to a plain one.</summary>
/// <remarks>
/// Bytes are read as the flow wants them and written one chunk after another. The end of one direction does not end the other: the peer may close
/// its side and is answered; the socket is closed when both have ended. A chunk that the peer does not take in time resets the connection.
/// </remarks>
internal sealed class TlsConnection
{
    private const int ReadBytes = 16 * 1024;
    private static readonly LingerOption Reset = new(enable: true, seconds: 0);
    private readonly SslStream _stream;
    private readonly Socket _socket;

    /// <summary>Makes one.</summary>
    public TlsConnection(SslStream stream, Socket socket, IPEndPoint remote)
    {
        (_stream, _socket, Remote) = (stream, socket, remote);
        Peer = new TlsPeer(stream.RemoteCertificate is { } shown ? Convert.ToHexStringLower(SHA256.HashData(shown.GetRawCertData())) : null);
    }

    /// <summary>Where it comes from.</summary>
    public IPEndPoint Remote { get; }

    /// <summary>What the handshake showed.</summary>
    public TlsPeer Peer { get; }

    /// <summary>Lets it pass through a flow. Completes, and never fails, when the socket is closed.</summary>
    public async Task HandleWithAsync(Flow<ByteString, ByteString, NotUsed> flow, TimeSpan stallMax, IMaterializer materializer)
    {
        var (read, written) = Source.UnfoldAsync(this, connection => connection.ReadAsync())
            .WatchTermination(Keep.Right)
            .ViaMaterialized(flow, Keep.Left)
            .ToMaterialized(Sink.ForEachAsync<ByteString>(1, bytes => WriteAsync(bytes, stallMax)), Keep.Both)
            .Run(materializer);
        try
        {
            await written.ConfigureAwait(false);
            await _stream.ShutdownAsync().WaitAsync(stallMax).ConfigureAwait(false);
            _socket.Shutdown(SocketShutdown.Send);
            await read.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever ended it: the flow was told by its own failure, and the peer is by the reset.
        catch (Exception)
#pragma warning restore CA1031
        {
            _socket.LingerState = Reset;
        }

        await _stream.DisposeAsync().ConfigureAwait(false);
    }

    // The buffer is there only while there is something to read: an idle connection holds none.
    private async Task<Option<(TlsConnection, ByteString)>> ReadAsync()
    {
        await _stream.ReadAsync(Memory<byte>.Empty).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            var count = await _stream.ReadAsync(buffer).ConfigureAwait(false);
            return count == 0 ? Option<(TlsConnection, ByteString)>.None : (this, ByteString.CopyFrom(buffer, 0, count));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task WriteAsync(ByteString bytes, TimeSpan stallMax)
    {
        using var limit = new CancellationTokenSource(stallMax);
        await _stream.WriteAsync(bytes.ToArray(), limit.Token).ConfigureAwait(false);
    }
}
