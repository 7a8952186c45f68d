using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Native;

/// <summary>How libvirt writes the identity of a domain.</summary>
internal static unsafe class DomainIdentity
{
    private const uint Inactive = uint.MaxValue;

    /// <summary>libvirt's raw UUIDs are in network byte order.</summary>
    public static Guid FromNative(byte* uuid) => new(new ReadOnlySpan<byte>(uuid, DomainImports.UuidSize), bigEndian: true);

    public static void ToNative(Guid uuid, byte* destination) =>
        uuid.TryWriteBytes(new Span<byte>(destination, DomainImports.UuidSize), bigEndian: true, out _);

    public static string NameFromNative(byte* name) => Marshal.PtrToStringUTF8((nint)name) ?? string.Empty;

    public static int? IdFromNative(uint id) => id == Inactive ? null : (int)id;
}
