using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Native;

/// <summary>Declarations of libvirt-host.h and of the connection's part of libvirt-domain.h. Text that comes back is malloc'd
/// for the caller; the generated marshalling frees it.</summary>
internal static unsafe partial class ConnectionImports
{
    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virGetVersion")]
    internal static partial int GetLibraryVersion(nuint* version, nint type, nint typeVersion);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virConnectOpen", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial ConnectionHandle Open(string uri);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virConnectClose")]
    internal static partial int Close(nint connection);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virConnectIsAlive")]
    internal static partial int IsAlive(ConnectionHandle connection);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virConnectSetKeepAlive")]
    internal static partial int SetKeepAlive(ConnectionHandle connection, int intervalSeconds, uint count);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virConnectGetVersion")]
    internal static partial int GetHypervisorVersion(ConnectionHandle connection, nuint* version);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virNodeGetInfo")]
    internal static partial int GetNodeInfo(ConnectionHandle connection, NativeNodeInfo* info);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virConnectGetCapabilities", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial string? GetCapabilities(ConnectionHandle connection);

    [LibraryImport(
        LibvirtLibrary.Name, EntryPoint = "virConnectGetDomainCapabilities", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial string? GetDomainCapabilities(
        ConnectionHandle connection, string? emulator, string? arch, string? machine, string? virtType, uint flags);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virConnectListAllDomains")]
    internal static partial int ListAllDomains(ConnectionHandle connection, nint** domains, uint flags);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainLookupByUUID")]
    internal static partial DomainHandle LookupByUuid(ConnectionHandle connection, byte* uuid);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainLookupByName", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial DomainHandle LookupByName(ConnectionHandle connection, string name);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainDefineXMLFlags", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial DomainHandle Define(ConnectionHandle connection, string xml, DomainDefineFlags flags);
}

/// <summary><c>struct _virNodeInfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeNodeInfo
{
    public const int ModelSize = 32;

    public fixed byte Model[ModelSize];
    public nuint MemoryKiB;
    public uint Cpus;
    public uint Mhz;
    public uint Nodes;
    public uint Sockets;
    public uint Cores;
    public uint Threads;
}
