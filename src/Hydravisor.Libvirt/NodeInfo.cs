namespace Hydravisor.Libvirt;

/// <summary>The machine below the hypervisor.</summary>
/// <param name="Model">The CPU's model or architecture, such as <c>x86_64</c>.</param>
/// <param name="MemoryKiB">Memory, in KiB.</param>
/// <param name="Cpus">Active CPUs.</param>
/// <param name="Mhz">Expected clock of a CPU in MHz; 0 where not known.</param>
/// <param name="NumaNodes">NUMA cells; 1 for an unusual topology.</param>
/// <param name="SocketsPerNode">CPU sockets in each cell.</param>
/// <param name="CoresPerSocket">Cores in each socket.</param>
/// <param name="ThreadsPerCore">Threads on each core.</param>
public sealed record NodeInfo(
    string Model,
    long MemoryKiB,
    int Cpus,
    int Mhz,
    int NumaNodes,
    int SocketsPerNode,
    int CoresPerSocket,
    int ThreadsPerCore);
