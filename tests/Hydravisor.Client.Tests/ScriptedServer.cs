using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hydravisor.Protocol;

namespace Hydravisor.Client.Tests;

/// <summary>A node played by the test: it accepts, reads messages and says what the test tells it to say.</summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    /// <summary>The one timeout of these tests: long enough for a loaded machine, never waited for when all is well.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<ScriptedPeer> _peers = [];

    public ScriptedServer() => _listener.Start();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Address => $"127.0.0.1:{Port}";

    public async Task<ScriptedPeer> AcceptAsync()
    {
        var peer = new ScriptedPeer(await _listener.AcceptTcpClientAsync().WaitAsync(Patience));
        _peers.Add(peer);
        return peer;
    }

    /// <summary>A client and the server's end of its connection.</summary>
    public async Task<(HydravisorClient Client, ScriptedPeer Peer)> ConnectAsync(HydravisorClientOptions? options = null)
    {
        var accepted = AcceptAsync();
        return (await HydravisorClient.ConnectAsync("127.0.0.1", Port, options), await accepted);
    }

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        _peers.ForEach(peer => peer.Dispose());
        return ValueTask.CompletedTask;
    }
}

/// <summary>The server's end of one connection.</summary>
public sealed class ScriptedPeer(TcpClient connection) : IDisposable
{
    private readonly StreamReader _reader = new(connection.GetStream(), new UTF8Encoding(false));

    /// <summary>The next line; <see langword="null"/> if the client has closed.</summary>
    public Task<string?> ReceiveLineAsync() => _reader.ReadLineAsync().WaitAsync(ScriptedServer.Patience);

    public async Task<T> ReceiveAsync<T>()
        where T : ClientMessage
    {
        var line = await ReceiveLineAsync();
        Assert.NotNull(line);
        var decoded = LineCodec.Decode(Encoding.UTF8.GetBytes(line));
        Assert.True(decoded.IsMessage, decoded.Error?.Message);
        return Assert.IsType<T>(decoded.Message);
    }

    public Task SendAsync(ServerMessage message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        LineCodec.Encode(message, buffer);
        return SendAsync(buffer.WrittenMemory);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public Task SendAsync(ReadOnlyMemory<byte> bytes) =>
        connection.GetStream().WriteAsync(bytes).AsTask().WaitAsync(ScriptedServer.Patience);

    /// <summary>Receives a message of a kind and answers it with what the test makes of it, under its request id.</summary>
    public async Task<T> AnswerAsync<T>(Func<T, ServerMessage> reply)
        where T : ClientMessage
    {
        var message = await ReceiveAsync<T>();
        await SendAsync(reply(message) with { Meta = ReplyMeta.For(message.Meta?.RequestId) });
        return message;
    }

    public void Dispose() => connection.Dispose();
}
