using Hydravisor.Libvirt.Native;

namespace Hydravisor.Libvirt;

/// <summary>The leak switch: what this process holds of libvirt right now. Tests assert that it returns to where it began. Safe
/// from any thread; the three numbers are read one after the other, not as one.</summary>
public static class LibvirtHandles
{
    /// <summary>Native references and registrations that are alive now.</summary>
    public static LiveHandles Live =>
        new(ConnectionHandle.LiveCount, DomainHandle.LiveCount, CallbackTable.LiveCount);
}

/// <summary>How many native references and registrations are alive.</summary>
/// <param name="Connections">Open connections.</param>
/// <param name="Domains">References to domains. Each keeps its connection (and a client slot of the daemon) alive.</param>
/// <param name="Callbacks">Callbacks that libvirt may still call, the close callback of each connection among them.</param>
public readonly record struct LiveHandles(int Connections, int Domains, int Callbacks);
