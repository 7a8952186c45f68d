namespace Hydravisor.Libvirt.Native;

/// <summary>A <c>virDomainPtr</c>. It keeps its connection open.</summary>
internal sealed class DomainHandle : LibvirtHandle
{
    private static int _live;

    public DomainHandle()
    {
    }

    /// <summary>Takes over a reference that libvirt handed out in a list.</summary>
    public DomainHandle(nint reference)
    {
        SetHandle(reference);
        Count();
    }

    public static int LiveCount => Volatile.Read(ref _live);

    protected override void AddToLive(int change) => Interlocked.Add(ref _live, change);

    protected override void Free(nint reference) => _ = DomainImports.Free(reference);
}
