using System.Runtime.InteropServices;

namespace Hydravisor.Libvirt.Native;

/// <summary>A malloc'd array of domain references, as libvirt hands it out.</summary>
internal static unsafe class DomainList
{
    /// <summary>Takes over every reference and frees the array. On a failure half way, nothing stays behind.</summary>
    public static IReadOnlyList<LibvirtDomain> TakeOver(nint* list, int count)
    {
        try
        {
            DomainHandle[] handles = new DomainHandle[count];
            for (int i = 0; i < count; i++)
            {
                handles[i] = new DomainHandle(list[i]);
            }

            return Array.ConvertAll(handles, static handle => new LibvirtDomain(handle));
        }
        finally
        {
            NativeMemory.Free(list);
        }
    }
}
