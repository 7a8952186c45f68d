using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>How a connection ended.</summary>
internal enum ConnectionEnd
{
    /// <summary>The node closed it in order: end of file.</summary>
    Closed,

    /// <summary>It was reset.</summary>
    Reset,
}

/// <summary>A raw socket to a node: bytes out, lines of JSON in. What nobody waits for yet is kept.</summary>
internal sealed class RawConnection : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly Func<string> _evidence;
    private readonly Arrivals<JsonElement> _lines = new();
    private readonly TaskCompletionSource _reads = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task<ConnectionEnd> _end;
    private readonly ConcurrentDictionary<string, long> _taken = new();
    private int _asked;

    /// <summary>Takes over a connection that was made.</summary>
    /// <param name="socket">Its socket.</param>
    /// <param name="evidence">What to show where something does not come.</param>
    /// <param name="stream">What it is read from and written to; null: the socket itself.</param>
    /// <param name="reading">False: it does not read before <see cref="Read"/>.</param>
    public RawConnection(Socket socket, Func<string> evidence, Stream? stream = null, bool reading = true)
    {
        _socket = socket;
        _stream = stream ?? new NetworkStream(socket, ownsSocket: false);
        _evidence = evidence;
        if (reading)
        {
            _reads.SetResult();
        }

        _end = ReadAsync();
    }

    /// <summary>Connects.</summary>
    /// <param name="endpoint">Where to.</param>
    /// <param name="evidence">What to show where something does not come.</param>
    /// <param name="reading">False: it does not read before <see cref="Read"/>, and its socket holds little.</param>
    public static async Task<RawConnection> OpenAsync(IPEndPoint endpoint, Func<string> evidence, bool reading = true)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (!reading)
        {
            socket.ReceiveBufferSize = 4096;
        }

        try
        {
            await socket.ConnectAsync(endpoint).InTimeAsync($"a connection to {endpoint}", evidence);
            return new RawConnection(socket, evidence, reading: reading);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What came and nobody waited for.</summary>
    public IReadOnlyList<JsonElement> Unread => _lines.There;

    /// <summary>Begins to read.</summary>
    public void Read() => _reads.TrySetResult();

    /// <summary>Sends a line.</summary>
    public Task SendAsync(string line) => SendBytesAsync(Encoding.UTF8.GetBytes(line + "\n"));

    /// <summary>Sends bytes as they are.</summary>
    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _stream.WriteAsync(bytes).AsTask().InTimeAsync("the node takes bytes", Evidence);
        }
        catch (IOException e) when (e.InnerException is SocketException)
        {
            throw e.InnerException;
        }
    }

    /// <summary>Sends no more.</summary>
    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Breaks the connection off: the node sees a reset.</summary>
    public void Abort()
    {
        _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _socket.Close();
    }

    /// <summary>The next line that is wanted.</summary>
    /// <exception cref="EndOfStreamException">The connection has ended. Says what the node said last: why it ended stands nowhere else when a shared one is gone.</exception>
    public async Task<JsonElement> LineAsync(Func<JsonElement, bool> wanted, string what)
    {
        try
        {
            return await _lines.TakeAsync(wanted).InTimeAsync(what, Evidence);
        }
        catch (EndOfStreamException e)
        {
            throw new EndOfStreamException($"{e.Message} Not come: {what}\n{Evidence()}");
        }
    }

    /// <summary>The next line, whatever it is.</summary>
    public Task<JsonElement> NextAsync() => LineAsync(_ => true, "a line");

    /// <summary>The next error.</summary>
    public Task<JsonElement> ErrorAsync() => LineAsync(line => line.Type() == "mcp/error", "an error");

    /// <summary>The direct reply to a request.</summary>
    public Task<JsonElement> ReplyAsync(string requestId) => LineAsync(line => line.RequestId() == requestId, $"the reply to {requestId}");

    /// <summary>Sends a message under a request id of its own, and waits for its reply.</summary>
    public async Task<JsonElement> AskAsync(string message)
    {
        var json = JsonNode.Parse(message)!.AsObject();
        if (json["meta"] is not JsonObject meta)
        {
            json["meta"] = meta = [];
        }

        var requestId = meta["request_id"]?.GetValue<string>()
            ?? string.Create(CultureInfo.InvariantCulture, $"ask-{Environment.ProcessId}-{GetHashCode()}-{++_asked}");
        meta["request_id"] = requestId;
        await SendAsync(json.ToJsonString());
        return await ReplyAsync(requestId);
    }

    /// <summary>The next broadcast that shows a VM in a phase: news, and so later than what was taken before. That a VM cannot be reached, or can again,
    /// is no event of it and has the revision of its last.</summary>
    public async Task<JsonElement> BroadcastAsync(string instanceId, string state)
    {
        var after = _taken.GetValueOrDefault(instanceId);
        var broadcast = await LineAsync(
            line => line.Type() == "vm/state" && line.Flag("broadcast") && line.Text("instance_id") == instanceId
                && line.Text("state") == state && line.Number("revision") > (IsOfReach(line) ? after - 1 : after),
            $"the broadcast that {instanceId} is {state}");
        _taken[instanceId] = broadcast.Number("revision");
        return broadcast;
    }

    private static bool IsOfReach(JsonElement line) => line.Text("state") == "unreachable" || line.Text("previous") == "unreachable";

    /// <summary>Waits until the node has ended the connection.</summary>
    public Task<ConnectionEnd> EndAsync() => _end.InTimeAsync("the end of the connection", Evidence);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Read();
        _socket.Dispose();
        await _stream.DisposeAsync();
        await _end;
    }

    private string Evidence() =>
        $"came and was not waited for:\n{string.Join('\n', Unread.TakeLast(40).Select(line => line.GetRawText()))}\nthe node:\n{_evidence()}";

    private async Task<ConnectionEnd> ReadAsync()
    {
        await _reads.Task;
        var end = ConnectionEnd.Closed;
        try
        {
            var reader = PipeReader.Create(_stream, new StreamPipeReaderOptions(leaveOpen: true));
            while (true)
            {
                var read = await reader.ReadAsync();
                var rest = read.Buffer;
                while (rest.PositionOf((byte)'\n') is { } lineEnd)
                {
                    using var line = JsonDocument.Parse(rest.Slice(0, lineEnd));
                    _lines.Add(line.RootElement.Clone());
                    rest = rest.Slice(rest.GetPosition(1, lineEnd));
                }

                if (read.IsCompleted)
                {
                    Assert.True(rest.IsEmpty, $"The node's last line has no end: {Encoding.UTF8.GetString(rest)}");
                    break;
                }

                reader.AdvanceTo(rest.Start, rest.End);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            end = ConnectionEnd.Reset;
        }

        _lines.End($"The connection has ended ({end}).");
        return end;
    }
}
