using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Live;

/// <summary>Connections to the hypervisors of other nodes. Safe for all threads.</summary>
internal interface IRemoteLinks
{
    /// <summary>Connects to the hypervisor of a node that keeps a place for a VM.</summary>
    /// <param name="node">The node.</param>
    /// <param name="id">The VM.</param>
    /// <param name="channel">What is said there.</param>
    /// <returns>The connection, which its owner disposes of.</returns>
    Task<Outcome<LiveLink>> ConnectAsync(string node, InstanceId id, LiveChannel channel);
}
