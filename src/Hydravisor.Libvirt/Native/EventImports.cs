using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Native;

/// <summary>Declarations of libvirt-event.h and of what registers callbacks. <c>opaque</c> is always an id of
/// <see cref="CallbackTable"/>, never a pointer.</summary>
internal static unsafe partial class EventImports
{
    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virEventRegisterDefaultImpl")]
    internal static partial int RegisterDefaultImpl();

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virEventRunDefaultImpl")]
    internal static partial int RunDefaultImpl();

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virEventAddTimeout")]
    internal static partial int AddTimeout(
        int milliseconds, delegate* unmanaged<int, nint, void> callback, nint opaque, nint free);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virConnectRegisterCloseCallback")]
    internal static partial int RegisterClose(
        ConnectionHandle connection,
        delegate* unmanaged<nint, int, nint, void> callback,
        nint opaque,
        delegate* unmanaged<nint, void> free);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virConnectUnregisterCloseCallback")]
    internal static partial int UnregisterClose(ConnectionHandle connection, delegate* unmanaged<nint, int, nint, void> callback);

    /// <summary>The callback's true type depends on the event id.</summary>
    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virConnectDomainEventRegisterAny")]
    internal static partial int RegisterDomainEvent(
        ConnectionHandle connection,
        nint allDomains,
        int eventId,
        void* callback,
        nint opaque,
        delegate* unmanaged<nint, void> free);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virConnectDomainEventDeregisterAny")]
    internal static partial int DeregisterDomainEvent(ConnectionHandle connection, int registration);
}
