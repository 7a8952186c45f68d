using System.Globalization;

namespace Hydravisor.Bench.Scale;

/// <summary>How large a simulated cluster is.</summary>
/// <param name="Nodes">Its nodes.</param>
/// <param name="Vms">The VMs of all of them, evenly spread.</param>
internal sealed record ClusterSize(int Nodes, int Vms)
{
    /// <summary>The VMs of one node.</summary>
    public int PerNode => Vms / Nodes;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Nodes:N0} nodes, {Vms:N0} VMs");
}
