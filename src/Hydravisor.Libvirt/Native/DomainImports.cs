using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Native;

/// <summary>Declarations of libvirt-domain.h and libvirt-qemu.h that take one domain.</summary>
internal static unsafe partial class DomainImports
{
    public const int UuidSize = 16;

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainFree")]
    internal static partial int Free(nint domain);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainGetUUID")]
    internal static partial int GetUuid(DomainHandle domain, byte* uuid);

    /// <summary>The text belongs to the domain: copy it while the domain is held.</summary>
    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainGetName")]
    internal static partial byte* GetName(DomainHandle domain);

    /// <summary>Unsigned -1 where the domain is inactive.</summary>
    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainGetID")]
    internal static partial uint GetId(DomainHandle domain);

    // The same three for a domain that is lent to a callback: a bare pointer, valid until the callback returns.
    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainGetUUID")]
    internal static partial int GetLentUuid(nint domain, byte* uuid);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainGetName")]
    internal static partial byte* GetLentName(nint domain);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainGetID")]
    internal static partial uint GetLentId(nint domain);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainIsActive")]
    internal static partial int IsActive(DomainHandle domain);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainIsPersistent")]
    internal static partial int IsPersistent(DomainHandle domain);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainGetState")]
    internal static partial int GetState(DomainHandle domain, int* state, int* reason, uint flags);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainGetInfo")]
    internal static partial int GetInfo(DomainHandle domain, NativeDomainInfo* info);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainCreateWithFlags")]
    internal static partial int Create(DomainHandle domain, DomainCreateFlags flags);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainDestroyFlags")]
    internal static partial int Destroy(DomainHandle domain, DomainDestroyFlags flags);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainShutdownFlags")]
    internal static partial int Shutdown(DomainHandle domain, DomainShutdownFlags flags);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainReboot")]
    internal static partial int Reboot(DomainHandle domain, DomainRebootFlags flags);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainReset")]
    internal static partial int Reset(DomainHandle domain, uint flags);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainSuspend")]
    internal static partial int Suspend(DomainHandle domain);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainResume")]
    internal static partial int Resume(DomainHandle domain);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainUndefineFlags")]
    internal static partial int Undefine(DomainHandle domain, DomainUndefineFlags flags);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainGetXMLDesc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial string? GetXml(DomainHandle domain, DomainXmlFlags flags);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainGetMetadata", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial string? GetMetadata(DomainHandle domain, int type, string uri, DomainAffects affects);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainSetMetadata", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetMetadata(
        DomainHandle domain, int type, string? metadata, string? key, string uri, DomainAffects affects);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainMigrateToURI3", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MigrateToUri(DomainHandle domain, string uri, nint parameters, uint count, DomainMigrateFlags flags);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virDomainAbortJob")]
    internal static partial int AbortJob(DomainHandle domain);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virTypedParamsAddString", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int AddString(nint* parameters, int* count, int* room, string name, string value);

    [LibraryImport(LibvirtLibrary.Name, EntryPoint = "virTypedParamsFree")]
    internal static partial void FreeParameters(nint parameters, int count);

    [LibraryImport(LibvirtLibrary.QemuName, EntryPoint = "virDomainQemuAgentCommand", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial string? AgentCommand(DomainHandle domain, string command, int timeoutSeconds, uint flags);
}

/// <summary><c>struct _virDomainInfo</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeDomainInfo
{
    public byte State;
    public nuint MaxMemoryKiB;
    public nuint MemoryKiB;
    public ushort Vcpus;
    public ulong CpuTimeNanoseconds;
}
