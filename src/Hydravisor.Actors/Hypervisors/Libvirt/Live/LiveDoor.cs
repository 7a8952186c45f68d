using System.Net.Sockets;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Libvirt;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Live;

/// <summary>Listens for this node's daemon and QEMU, which mean to speak to another node's, and connects them.</summary>
internal sealed class LiveDoor : IAsyncDisposable
{
    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Passable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly LivePlace _place;
    private readonly Func<LiveChannel, Task<Outcome<LiveLink>>> _connect;
    private readonly Lock _gate = new();
    private readonly List<Socket> _listeners = [];
    private readonly List<LiveLink> _links = [];
    private readonly List<Task> _running = [];
    private bool _isClosed;

    private LiveDoor(LivePlace place, Func<LiveChannel, Task<Outcome<LiveLink>>> connect) => (_place, _connect) = (place, connect);

    /// <summary>Listens. Blocks for a moment.</summary>
    /// <param name="place">Where.</param>
    /// <param name="qemu">Who QEMU runs as, and may come with disks; null: as this process.</param>
    /// <param name="connect">Connects to the other node.</param>
    /// <exception cref="IOException">It cannot.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not.</exception>
    public static LiveDoor Open(LivePlace place, QemuUser? qemu, Func<LiveChannel, Task<Outcome<LiveLink>>> connect)
    {
        var door = new LiveDoor(place, connect);
        try
        {
            // Nobody passes before each socket is its owner's.
            place.Make(owner: null);
            foreach (var channel in Enum.GetValues<LiveChannel>())
            {
                door.Listen(channel, channel == LiveChannel.Disks ? qemu : null);
            }

            File.SetUnixFileMode(place.Directory, Passable);
            return door;
        }
        catch (SocketException e)
        {
            door.Close();
            throw new IOException($"{place.Directory} cannot be listened at: {e.Message}", e);
        }
        catch
        {
            door.Close();
            throw;
        }
    }

    /// <summary>Ends all of it.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] running;
        LiveLink[] links;
        Close();
        lock (_gate)
        {
            (running, links) = ([.. _running], [.. _links]);
        }

        foreach (var link in links)
        {
            await link.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(running).ConfigureAwait(false);
        try
        {
            _place.Remove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next one at this place removes it.
        }
    }

    private void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            _listeners.ForEach(listener => listener.Dispose());
        }
    }

    private void Listen(LiveChannel channel, QemuUser? user)
    {
        var path = _place.SocketOf(channel);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listeners.Add(listener);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, OwnersOnly);
        if (user is not null)
        {
            FileOwner.Set(path, user.User, user.Group);
        }

        listener.Listen();
        _running.Add(AcceptAsync(listener, channel));
    }

    private async Task AcceptAsync(Socket listener, LiveChannel channel)
    {
        try
        {
            while (true)
            {
                var come = new SocketLink(await listener.AcceptAsync().ConfigureAwait(false));
                lock (_gate)
                {
                    _links.Add(come);
                    _running.Add(ConnectAsync(come, channel));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is listened no more.
        }
    }

    private async Task ConnectAsync(LiveLink come, LiveChannel channel)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var there = await _connect(channel).ConfigureAwait(false);
        if (there.Value is not { } link)
        {
            await come.DisposeAsync().ConfigureAwait(false);
            return;
        }

        bool isClosed;
        lock (_gate)
        {
            _links.Add(link);
            isClosed = _isClosed;
        }

        if (isClosed)
        {
            await come.DisposeAsync().ConfigureAwait(false);
            await link.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            await LiveLink.RelayAsync(come, link).ConfigureAwait(false);
        }
    }
}
