using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Native;

/// <summary>The functions that libvirt calls, on the event loop's thread. Each copies what it was lent and hands the copy to the
/// handler in <see cref="CallbackTable"/>. To add a kind of event: its id and its exact C signature here (they differ), its
/// record in Events/, its method on <see cref="LibvirtConnection"/>, its test.</summary>
internal static unsafe class Callbacks
{
    // virDomainEventID
    public const int LifecycleId = 0;
    public const int RebootId = 1;
    public const int AgentLifecycleId = 18;

    public static delegate* unmanaged<nint, int, nint, void> Closed => &OnClosed;

    public static delegate* unmanaged<nint, nint, int, int, nint, int> Lifecycle => &OnLifecycle;

    public static delegate* unmanaged<nint, nint, nint, void> Reboot => &OnReboot;

    public static delegate* unmanaged<nint, nint, int, int, nint, void> AgentLifecycle => &OnAgentLifecycle;

    [UnmanagedCallersOnly]
    private static void OnClosed(nint connection, int reason, nint opaque) =>
        CallbackTable.Invoke(opaque, (ConnectionCloseReason)reason);

    // Unlike its sisters it returns a number, which libvirt ignores.
    [UnmanagedCallersOnly]
    private static int OnLifecycle(nint connection, nint domain, int kind, int detail, nint opaque)
    {
        DomainEvent from = Copy(domain);
        CallbackTable.Invoke(
            opaque, new DomainLifecycleEvent(from.Uuid, from.Name, from.Id, (DomainLifecycleKind)kind, detail));
        return 0;
    }

    [UnmanagedCallersOnly]
    private static void OnReboot(nint connection, nint domain, nint opaque) => CallbackTable.Invoke(opaque, Copy(domain));

    [UnmanagedCallersOnly]
    private static void OnAgentLifecycle(nint connection, nint domain, int state, int reason, nint opaque)
    {
        DomainEvent from = Copy(domain);
        CallbackTable.Invoke(
            opaque, new AgentLifecycleEvent(from.Uuid, from.Name, from.Id, (AgentState)state, (AgentStateReason)reason));
    }

    /// <summary>The three local reads of a lent domain: no word with the daemon.</summary>
    private static DomainEvent Copy(nint domain)
    {
        byte* uuid = stackalloc byte[DomainImports.UuidSize];
        Guid id = DomainImports.GetLentUuid(domain, uuid) == 0 ? DomainIdentity.FromNative(uuid) : Guid.Empty;
        string name = DomainIdentity.NameFromNative(DomainImports.GetLentName(domain));
        return new DomainEvent(id, name, DomainIdentity.IdFromNative(DomainImports.GetLentId(domain)));
    }
}
