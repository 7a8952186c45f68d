using System.Text;
using Hydravisor.Libvirt.Native;

namespace Hydravisor.Libvirt;

/// <summary>One connection to a hypervisor through libvirt (made and checked against 9.0.0).</summary>
/// <remarks>
/// <para><b>What it is.</b> Three layers: <c>Native/*Imports</c> declare the C functions, <c>Native/Checked</c> turns their
/// results into values or a <see cref="LibvirtException"/>, and the public objects (<see cref="LibvirtConnection"/>,
/// <see cref="LibvirtDomain"/>) are all that leaves. Nothing here knows what the virtual machines are for.</para>
/// <para><b>Calls block</b>, a state query for tens of microseconds, a start for seconds, a call on a wedged guest for 30 s or
/// more, and cannot be cancelled: make them on threads of your own, never on an actor's or the pool's. They may be made from many
/// threads at once, but the daemon serves five calls at a time per connection, and a wedged guest holds its slot: use
/// connections of their own for reads, for lifecycle and for emergencies.</para>
/// <para><b>Events come on one thread</b> of the whole process, libvirt's event loop. A handler there copies what it needs, hands
/// it over and returns; it calls nothing of libvirt and disposes nothing. What it throws goes to <see cref="HandlerFaulted"/>.
/// Nothing is queued: a slow handler delays every event and keepalive of every connection.</para>
/// <para><b>A connection dies</b> with its daemon: <see cref="Closed"/> fires, <see cref="IsAlive"/> turns false and every call
/// fails with <see cref="LibvirtException.IsConnectionLost"/>. It never comes back, and events in between are lost: dispose it,
/// open another, register events, and only then list everything.</para>
/// <para><b>Dispose it</b>, after its domains and on a thread that may block. An undisposed domain keeps the connection open, and
/// an undisposed connection lives for ever, since libvirt's table of callbacks refers to it.
/// <see cref="LibvirtHandles.Live"/> tells.</para>
/// </remarks>
public sealed class LibvirtConnection : IDisposable
{
    /// <summary>How often the daemon is asked whether it is there, in seconds.</summary>
    public const int KeepAliveSeconds = 5;

    /// <summary>How many such questions may stay unanswered before the connection is given up.</summary>
    public const int KeepAliveCount = 5;

    private readonly ConnectionHandle _handle;
    private readonly EventSource<DomainLifecycleEvent> _lifecycle;
    private readonly EventSource<DomainEvent> _reboot;
    private readonly EventSource<AgentLifecycleEvent> _agentLifecycle;
    private CloseRegistration? _close;

    private unsafe LibvirtConnection(ConnectionHandle handle, string uri)
    {
        _handle = handle;
        Uri = uri;
        _lifecycle = new(handle, Callbacks.LifecycleId, (nint)Callbacks.Lifecycle, OnHandlerFaulted);
        _reboot = new(handle, Callbacks.RebootId, (nint)Callbacks.Reboot, OnHandlerFaulted);
        _agentLifecycle = new(handle, Callbacks.AgentLifecycleId, (nint)Callbacks.AgentLifecycle, OnHandlerFaulted);
    }

    /// <summary>The connection is gone. Fires at most once, on the event loop's thread, and not for <see cref="Dispose"/>. It may
    /// fire before <see cref="Open"/> has returned: after subscribing, look at <see cref="IsAlive"/> once. Never fires for
    /// drivers inside the process (<c>test:///</c>).</summary>
    public event Action<ConnectionCloseReason>? Closed;

    /// <summary>A handler of this connection's events threw. Raised on the event loop's thread; what is thrown here is
    /// lost.</summary>
    public event Action<Exception>? HandlerFaulted;

    /// <summary>The URI that it was opened with.</summary>
    public string Uri { get; }

    /// <summary>Whether the connection is open and answers. Takes no round trip, so it can be true for a moment too long.
    /// False after <see cref="Dispose"/>.</summary>
    public bool IsAlive
    {
        get
        {
            try
            {
                return !_handle.IsClosed && ConnectionImports.IsAlive(_handle) == 1;
            }
            catch (ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>The version of libvirt in this process: 1,000,000 × major + 1,000 × minor + release.</summary>
    public static unsafe long LibraryVersion
    {
        get
        {
            LibvirtLibrary.EnsureStarted();
            nuint version;
            Checked.NotNegative(ConnectionImports.GetLibraryVersion(&version, 0, 0), "virGetVersion");
            return (long)version;
        }
    }

    /// <summary>The version of the hypervisor (QEMU): 1,000,000 × major + 1,000 × minor + release. Asks the daemon.</summary>
    /// <exception cref="LibvirtException">The call failed.</exception>
    public unsafe long HypervisorVersion
    {
        get
        {
            nuint version;
            Checked.NotNegative(ConnectionImports.GetHypervisorVersion(_handle, &version), "virConnectGetVersion");
            return (long)version;
        }
    }

    /// <summary>Opens a connection with keepalive (where the driver has it) and a close callback. Blocks. The first call of the
    /// process starts the event loop.</summary>
    /// <param name="uri">Such as <c>qemu:///system</c>.</param>
    /// <exception cref="LibvirtException">There is no such driver or daemon, or it refused.</exception>
    /// <exception cref="DllNotFoundException">libvirt is not installed; the message says what to install.</exception>
    public static LibvirtConnection Open(string uri)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(uri);
        LibvirtLibrary.EnsureStarted();
        LibvirtConnection connection = new(Checked.Valid(ConnectionImports.Open(uri), "virConnectOpen"), uri);
        try
        {
            connection._close = new CloseRegistration(connection._handle, connection.OnClosed);
            connection.KeepAlive();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The machine below. Asks the daemon.</summary>
    /// <exception cref="LibvirtException">The call failed.</exception>
    public unsafe NodeInfo GetNodeInfo()
    {
        NativeNodeInfo info;
        Checked.NotNegative(ConnectionImports.GetNodeInfo(_handle, &info), "virNodeGetInfo");
        ReadOnlySpan<byte> model = new(info.Model, NativeNodeInfo.ModelSize);
        int end = model.IndexOf((byte)0);
        return new NodeInfo(
            Encoding.UTF8.GetString(end < 0 ? model : model[..end]),
            (long)info.MemoryKiB,
            (int)info.Cpus,
            (int)info.Mhz,
            (int)info.Nodes,
            (int)info.Sockets,
            (int)info.Cores,
            (int)info.Threads);
    }

    /// <summary>What the host can do, as XML (libvirt.org/formatcaps.html).</summary>
    /// <exception cref="LibvirtException">The call failed.</exception>
    public string GetCapabilities() =>
        Checked.NotNull(ConnectionImports.GetCapabilities(_handle), "virConnectGetCapabilities");

    /// <summary>What a domain of this kind can have, as XML (libvirt.org/formatdomaincaps.html). Null means the
    /// default.</summary>
    /// <param name="emulator">Path of the emulator.</param>
    /// <param name="arch">Architecture, such as <c>x86_64</c>.</param>
    /// <param name="machine">Machine type, such as <c>q35</c>.</param>
    /// <param name="virtType"><c>kvm</c> or <c>qemu</c>.</param>
    /// <exception cref="LibvirtException">There is no such combination, or the call failed.</exception>
    public string GetDomainCapabilities(string? emulator, string? arch, string? machine, string? virtType) =>
        Checked.NotNull(
            ConnectionImports.GetDomainCapabilities(_handle, emulator, arch, machine, virtType, 0),
            "virConnectGetDomainCapabilities");

    /// <summary>Every domain, active or not. The caller disposes each.</summary>
    /// <exception cref="LibvirtException">The call failed.</exception>
    public unsafe IReadOnlyList<LibvirtDomain> ListAllDomains()
    {
        nint* list = null;
        int count = Checked.NotNegative(ConnectionImports.ListAllDomains(_handle, &list, 0), "virConnectListAllDomains");
        return DomainList.TakeOver(list, count);
    }

    /// <summary>The domain with this UUID, or null. The caller disposes it.</summary>
    /// <exception cref="LibvirtException">The call failed otherwise than by finding none.</exception>
    public unsafe LibvirtDomain? FindByUuid(Guid uuid)
    {
        byte* raw = stackalloc byte[DomainImports.UuidSize];
        DomainIdentity.ToNative(uuid, raw);
        return Found(ConnectionImports.LookupByUuid(_handle, raw), "virDomainLookupByUUID");
    }

    /// <summary>The domain with this name, or null. The caller disposes it.</summary>
    /// <exception cref="LibvirtException">The call failed otherwise than by finding none.</exception>
    public LibvirtDomain? FindByName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Found(ConnectionImports.LookupByName(_handle, name), "virDomainLookupByName");
    }

    /// <summary>Defines a persistent domain, or replaces the definition with the same UUID and name. The caller disposes
    /// it.</summary>
    /// <param name="xml">The whole definition (libvirt.org/formatdomain.html). Put the UUID in: a taken name with another UUID is
    /// an error.</param>
    /// <param name="flags">How.</param>
    /// <exception cref="LibvirtException">The XML is not valid, or the name or UUID is taken
    /// (<see cref="LibvirtErrorCode.OperationFailed"/>).</exception>
    public LibvirtDomain Define(string xml, DomainDefineFlags flags)
    {
        ArgumentException.ThrowIfNullOrEmpty(xml);
        return new LibvirtDomain(Checked.Valid(ConnectionImports.Define(_handle, xml, flags), "virDomainDefineXMLFlags"));
    }

    /// <summary>Calls the handler, on the event loop's thread, for every step in the life of every domain, until the result or
    /// the connection is disposed. (One call that has begun may still end after that.)</summary>
    /// <exception cref="LibvirtException">The call failed.</exception>
    public IDisposable OnLifecycle(Action<DomainLifecycleEvent> handler) => _lifecycle.Add(handler);

    /// <summary>As <see cref="OnLifecycle"/>, for guests that rebooted.</summary>
    /// <exception cref="LibvirtException">The call failed.</exception>
    public IDisposable OnReboot(Action<DomainEvent> handler) => _reboot.Add(handler);

    /// <summary>As <see cref="OnLifecycle"/>, for guest agents that came or went.</summary>
    /// <exception cref="LibvirtException">The call failed.</exception>
    public IDisposable OnAgentLifecycle(Action<AgentLifecycleEvent> handler) => _agentLifecycle.Add(handler);

    /// <summary>Ends its registrations and closes it. Blocks (it talks to the daemon); never call it from a handler. Calls under
    /// way on other threads finish, and the last of them closes it; later ones throw
    /// <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        _lifecycle.Dispose();
        _reboot.Dispose();
        _agentLifecycle.Dispose();
        _close?.Dispose();
        _handle.Dispose();
    }

    private static LibvirtDomain? Found(DomainHandle handle, string operation)
    {
        if (!handle.IsInvalid)
        {
            return new LibvirtDomain(Checked.Valid(handle, operation));
        }

        // Finding none is an answer: made to an exception only where it is not that, since throwing costs half a call.
        LibvirtException error = Checked.LastError(operation);
        handle.Dispose();
        return error.IsNotFound ? null : throw error;
    }

    private void KeepAlive()
    {
        // 1 says that the other side has no keepalive; drivers inside the process say NO_SUPPORT. Both are fine.
        if (ConnectionImports.SetKeepAlive(_handle, KeepAliveSeconds, KeepAliveCount) < 0)
        {
            LibvirtException error = Checked.LastError("virConnectSetKeepAlive");
            if (error.Code != LibvirtErrorCode.NoSupport)
            {
                throw error;
            }
        }
    }

    private void OnClosed(ConnectionCloseReason reason)
    {
        foreach (Action<ConnectionCloseReason> handler in Delegate.EnumerateInvocationList(Closed))
        {
            Faults.Guard(handler, reason, OnHandlerFaulted);
        }
    }

    private void OnHandlerFaulted(Exception error) => HandlerFaulted?.Invoke(error);
}
