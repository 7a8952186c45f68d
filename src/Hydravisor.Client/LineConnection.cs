using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Hydravisor.Protocol;

namespace Hydravisor.Client;

/// <summary>
/// Lines over one socket. Senders put whole lines into a bounded pipe, one pump takes to the socket whatever has gathered, so
/// that many small requests share a packet. Sending is thread-safe; there is one reader.
/// </summary>
internal sealed class LineConnection : IAsyncDisposable
{
    private const int ReadBufferBytes = 64 * 1024;

    /// <summary>128 bits: two nonces of one key are never the same.</summary>
    private const int NonceHexDigits = 32;

    private readonly Stream _stream;
    private readonly int _lineBytesMax;
    private readonly AgentCredential? _credential;
    private readonly TimeProvider _clock;
    private readonly Pipe _outbound;
    private readonly SemaphoreSlim _oneSender = new(1, 1);
    private readonly Task _pump;

    public LineConnection(Stream stream, HydravisorClientOptions options)
    {
        _stream = stream;
        _lineBytesMax = options.LineBytesMax;
        _credential = options.Credential;
        _clock = options.Clock;
        _outbound = new Pipe(new PipeOptions(
            pauseWriterThreshold: options.SendBufferBytesMax,
            resumeWriterThreshold: options.SendBufferBytesMax / 2,
            useSynchronizationContext: false));
        _pump = PumpAsync();
    }

    /// <summary>Hands a line to the pump; waits while too much is waiting already. Cancelling never cuts a line.</summary>
    public async ValueTask SendAsync(ClientMessage message, CancellationToken cancellation)
    {
        await _oneSender.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            Write(message);
            var flushed = await _outbound.Writer.FlushAsync(cancellation).ConfigureAwait(false);
            if (flushed.IsCompleted)
            {
                throw new IOException("The connection does not take any more.");
            }
        }
        finally
        {
            _oneSender.Release();
        }
    }

    /// <summary>
    /// Gives every message to the receiver until the server closes, the next one when that is done. A line that is an object but
    /// none that we know goes to the other one.
    /// </summary>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="ProtocolException">A line is no JSON object, or longer than the limit.</exception>
    public async Task ReadAsync(Func<ServerMessage, ValueTask> receive, Action<ProtocolException> notUnderstood)
    {
        var reader = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: ReadBufferBytes, leaveOpen: true));
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync().ConfigureAwait(false);
                var rest = read.Buffer;
                while (TryCut(ref rest, out var line))
                {
                    if (Take(line, notUnderstood) is { } message)
                    {
                        await receive(message).ConfigureAwait(false);
                    }
                }

                if (rest.Length > _lineBytesMax)
                {
                    throw new ProtocolException($"The server sent a line of more than {_lineBytesMax} bytes.");
                }

                if (read.IsCompleted)
                {
                    return;
                }

                reader.AdvanceTo(rest.Start, rest.End);
            }
        }
        finally
        {
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The stream first: it ends the pump, that frees a sender who waits for room, and then the writer is ours to complete.
        await _stream.DisposeAsync().ConfigureAwait(false);
        await _oneSender.WaitAsync().ConfigureAwait(false);
        await _outbound.Writer.CompleteAsync().ConfigureAwait(false);
        _oneSender.Release();
        await _pump.ConfigureAwait(false);
    }

    private void Write(ClientMessage message)
    {
        if (_credential is null)
        {
            LineCodec.Encode(message, _outbound.Writer);
            return;
        }

        var nonce = RandomNumberGenerator.GetHexString(NonceHexDigits, lowercase: true);
        if (_credential.IsCertificate)
        {
            LineWrapping.WrapUnsigned(message, _credential.Fingerprint, _credential.Role, _clock.GetUtcNow(), nonce, _outbound.Writer);
            return;
        }

        LineWrapping.Wrap(message, _credential.Key, _credential.Role, _clock.GetUtcNow(), nonce, _outbound.Writer);
    }

    private static bool TryCut(ref ReadOnlySequence<byte> rest, out ReadOnlySequence<byte> line)
    {
        line = default;
        if (rest.PositionOf((byte)'\n') is not { } end)
        {
            return false;
        }

        line = rest.Slice(0, end);
        rest = rest.Slice(rest.GetPosition(1, end));
        return true;
    }

    private static ServerMessage? Take(ReadOnlySequence<byte> line, Action<ProtocolException> notUnderstood)
    {
        byte[]? rented = null;
        try
        {
            var bytes = line.FirstSpan;
            if (!line.IsSingleSegment)
            {
                rented = ArrayPool<byte>.Shared.Rent((int)line.Length);
                line.CopyTo(rented);
                bytes = rented.AsSpan(0, (int)line.Length);
            }

            return bytes.Trim(" \t\r"u8).IsEmpty ? null : LineCodec.DecodeServer(bytes);
        }
        catch (ProtocolException fault) when (fault.IsObject)
        {
            notUnderstood(fault);
            return null;
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    /// <summary>Ends when the pipe is completed or the socket breaks; the reader of the socket tells everybody why.</summary>
    private async Task PumpAsync()
    {
        try
        {
            await _outbound.Reader.CopyToAsync(_stream).ConfigureAwait(false);
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException)
        {
            // Senders see the completed pipe.
        }
        finally
        {
            await _outbound.Reader.CompleteAsync().ConfigureAwait(false);
        }
    }
}
