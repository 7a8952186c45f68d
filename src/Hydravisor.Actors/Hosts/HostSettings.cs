namespace Hydravisor.Actors.Hosts;

/// <summary>How much of its node a host gives away. Read from <c>hydravisor.host</c>.</summary>
/// <param name="VcpuOvercommit">Virtual processors per processor.</param>
/// <param name="RamOvercommit">Guest memory per memory that is not reserved.</param>
/// <param name="DiskOvercommit">Promised disk per disk: overlays start small.</param>
/// <param name="RamReservedBytes">Memory kept for the node itself.</param>
/// <param name="DiskFreeMinBytes">Disk that must be free for a new VM to be taken.</param>
/// <param name="VcpusMax">Most virtual processors of one VM.</param>
/// <param name="RamMaxBytes">Most memory of one VM.</param>
/// <param name="DiskMaxBytes">Largest disk of one VM.</param>
/// <param name="VmsMax">Most VMs of the node.</param>
/// <param name="RamDefaultBytes">Memory of a VM that asks for none in particular.</param>
/// <param name="RestartMin">Least wait before a VM's actor that stopped is started again.</param>
/// <param name="RestartMax">Most wait.</param>
/// <param name="RetiredKept">How long a deleted VM's request id is remembered.</param>
internal sealed record HostSettings(
    double VcpuOvercommit,
    double RamOvercommit,
    double DiskOvercommit,
    long RamReservedBytes,
    long DiskFreeMinBytes,
    int VcpusMax,
    long RamMaxBytes,
    long DiskMaxBytes,
    int VmsMax,
    long RamDefaultBytes,
    TimeSpan RestartMin,
    TimeSpan RestartMax,
    TimeSpan RetiredKept)
{
    /// <summary>The most of one VM.</summary>
    public NodeLimits Limits => new(VcpusMax, RamMaxBytes, DiskMaxBytes, RamDefaultBytes);
}
