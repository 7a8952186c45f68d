using Hydravisor.Libvirt;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Connection;

/// <summary>The connections of one time between reaching the daemon and losing it, one for each lane, since the daemon serves five calls
/// at a time on one. They are opened, lost and disposed of together. Safe for all threads.</summary>
internal sealed class LibvirtSession : IDisposable
{
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<LibvirtConnection> _all = [];

    private LibvirtSession(string uri)
    {
        Reads = Open(uri);
        Lifecycle = Open(uri);
        Emergency = Open(uri);
        Agent = Open(uri);
    }

    /// <summary>For looks; the events come here.</summary>
    public LibvirtConnection Reads { get; }

    /// <summary>For calls that change a domain.</summary>
    public LibvirtConnection Lifecycle { get; }

    /// <summary>For destroying.</summary>
    public LibvirtConnection Emergency { get; }

    /// <summary>For questions to guest agents.</summary>
    public LibvirtConnection Agent { get; }

    /// <summary>Ends with the reason when the first of the connections is lost.</summary>
    public Task<string> Lost => _lost.Task;

    /// <summary>Why it is lost; null while it is not.</summary>
    public string? LostBecause { get; private set; }

    /// <summary>Whether all of them are there. Takes no round trip.</summary>
    public bool IsAlive => _all.TrueForAll(connection => connection.IsAlive);

    /// <summary>Opens the connections and registers the events, in this order, so that none is missed. Blocks.</summary>
    /// <exception cref="LibvirtException">The daemon cannot be reached.</exception>
    public static LibvirtSession Open(string uri, Action<DomainLifecycleEvent> lifecycle, Action<DomainEvent> reboot, Action<AgentLifecycleEvent> agent)
    {
        var session = new LibvirtSession(uri);
        try
        {
            session.Reads.OnLifecycle(lifecycle);
            session.Reads.OnReboot(reboot);
            session.Reads.OnAgentLifecycle(agent);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Notes that a connection is lost. Returns at once.</summary>
    public void Lose(string reason)
    {
        LostBecause ??= reason;
        _lost.TrySetResult(reason);
    }

    /// <summary>Closes the connections. Blocks.</summary>
    public void Dispose()
    {
        Lose("closed");
        foreach (var connection in _all)
        {
            connection.Dispose();
        }
    }

    private LibvirtConnection Open(string uri)
    {
        try
        {
            var connection = LibvirtConnection.Open(uri);
            _all.Add(connection);
            connection.Closed += reason => Lose($"libvirt closed the connection ({reason})");
            if (!connection.IsAlive)
            {
                Lose("libvirt closed the connection at once");
            }

            return connection;
        }
        catch
        {
            // The constructor ends here: nobody else could close what it opened before.
            _all.ForEach(opened => opened.Dispose());
            throw;
        }
    }
}
