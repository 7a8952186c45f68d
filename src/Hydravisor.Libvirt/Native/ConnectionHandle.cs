namespace Hydravisor.Libvirt.Native;

/// <summary>A <c>virConnectPtr</c>.</summary>
internal sealed class ConnectionHandle : LibvirtHandle
{
    private static int _live;
    private static int _closedWhileReferenced;

    public static int LiveCount => Volatile.Read(ref _live);

    /// <summary>How many closes left the native connection open, since a domain or a callback still referred to it.</summary>
    public static int ClosedWhileReferenced => Volatile.Read(ref _closedWhileReferenced);

    protected override void AddToLive(int change) => Interlocked.Add(ref _live, change);

    protected override void Free(nint reference)
    {
        if (ConnectionImports.Close(reference) > 0)
        {
            Interlocked.Increment(ref _closedWhileReferenced);
        }
    }
}
