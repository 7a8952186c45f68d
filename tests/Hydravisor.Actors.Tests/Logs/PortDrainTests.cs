using System.Net.Sockets;
using Hydravisor.Actors.Logs.Sources;

namespace Hydravisor.Actors.Tests.Logs;

public sealed class PortDrainTests : IDisposable
{
    private const int Window = 300_000;
    private readonly TemporaryDirectory _directory = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly SemaphoreSlim _readable = new(0);
    private readonly byte[] _scratch = new byte[10_000];

    private string Place => Path.Combine(_directory.Path, "s");

    public void Dispose()
    {
        _listener.Dispose();
        _readable.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Where_nobody_listens_there_is_nothing() => Assert.Null(PortDrain.TryConnect(Place, () => { }));

    [Fact]
    public void No_more_than_the_window_is_read_before_it_is_stored()
    {
        var (drain, guest) = Connect();
        using (drain)
        using (guest)
        {
            while (drain.AheadBytes < Window)
            {
                SendAll(guest);
                PumpAll(drain);
            }

            SendAll(guest);
            PumpAll(drain);
            Assert.Equal(Window, drain.AheadBytes);
            Assert.Equal(0, SendAll(guest));
            drain.Stored(123);
            Assert.Equal(Window - 123, drain.AheadBytes);
            PumpAll(drain);
            Assert.Equal(Window, drain.AheadBytes);
        }
    }

    [Fact]
    public async Task It_is_told_when_there_is_something_to_read_and_when_the_peer_is_gone()
    {
        var (drain, guest) = Connect();
        using (drain)
        {
            PumpAll(drain);
            Assert.Equal(5, guest.Send("hello"u8));
            Assert.True(await _readable.WaitAsync(Wait.Limit));
            PumpAll(drain);
            Assert.Equal(5, drain.AheadBytes);
            guest.Dispose();
            Assert.True(await _readable.WaitAsync(Wait.Limit));
            Assert.False(drain.Pump(_scratch, Window, out _));
        }
    }

    private (PortDrain Drain, Socket Guest) Connect()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Place));
        _listener.Listen();
        var drain = PortDrain.TryConnect(Place, () => _readable.Release())!;
        var guest = _listener.Accept();
        guest.Blocking = false;
        return (drain, guest);
    }

    private void PumpAll(PortDrain drain)
    {
        bool more;
        do
        {
            Assert.True(drain.Pump(_scratch, Window, out more));
        }
        while (more);
    }

    // Until the kernel takes no more.
    private int SendAll(Socket guest)
    {
        var total = 0;
        SocketError error;
        do
        {
            total += Math.Max(0, guest.Send(_scratch, SocketFlags.None, out error));
        }
        while (error == SocketError.Success);
        Assert.Equal(SocketError.WouldBlock, error);
        return total;
    }
}
