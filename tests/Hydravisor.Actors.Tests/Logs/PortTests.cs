using System.Net.Sockets;
using System.Text;
using Hydravisor.Actors.Logs;

namespace Hydravisor.Actors.Tests.Logs;

/// <summary>The flow control of the guest's log port, on a real socket.</summary>
public sealed class PortTests : IAsyncLifetime
{
    private const int Window = 64 * 1024;
    private const int ChunkBytes = 16 * 1024;
    private const int KernelBytesMax = 1024 * 1024;
    private static readonly string Line = new string('y', 1023) + "\n";
    private readonly LogsNode _node = new(new LogsSettings { PortWindowBytes = Window });
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        _listener.Dispose();
    }

    [Fact]
    public async Task A_flood_goes_through_and_is_never_further_ahead_than_the_window()
    {
        _node.Logs.Watch(LogsNode.Vm);
        using var guest = await Accept();
        var chunk = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Line, ChunkBytes / Line.Length)));
        for (var sent = 0L; sent < 64 * Window;)
        {
            // As QEMU does it: what the socket took goes to the file too.
            await Wait.For(guest.SendAsync(chunk), "room for what the guest writes");
            sent += chunk.Length;
            _node.Port.Write(chunk);
            var stored = ((await _node.Logs.QueryAsync(LogsNode.Vm, LogStart.Tail, 1, 1)).Value.Next - 1) * Line.Length;
            Assert.InRange(sent - stored, 0, Window + KernelBytesMax);
        }

        await Wait.Until(async () => ((await _node.Logs.QueryAsync(LogsNode.Vm, LogStart.Tail, 1, 1)).Value.Next - 1) * Line.Length == 64 * Window, "all lines");
    }

    [Fact]
    public async Task A_domain_that_starts_again_is_connected_to_again()
    {
        _node.Logs.Watch(LogsNode.Vm);
        using (await Accept())
        {
        }

        using var again = await Wait.For(_listener.AcceptAsync(), "the second connection");
        await again.SendAsync(Encoding.ASCII.GetBytes("read away"));
        await Wait.Until(() => again.Available == 0, "nothing");
    }

    [Fact]
    public async Task A_vm_that_is_not_watched_any_more_is_left()
    {
        _node.Logs.Watch(LogsNode.Vm);
        using var guest = await Accept();
        Assert.True((await _node.Logs.DrainAsync(LogsNode.Vm)).IsDone);
        Assert.Equal(0, await Wait.For(guest.ReceiveAsync(new byte[1]), "the end of the connection"));
    }

    private async Task<Socket> Accept()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_node.Socket));
        _listener.Listen();
        return await Wait.For(_listener.AcceptAsync(), "the connection");
    }
}
