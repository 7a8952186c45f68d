using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Which node has which VM, by what the store says. Safe for all threads.</summary>
internal interface IPlaces
{
    /// <summary>The node whose VM it is; null: there never was one of that id.</summary>
    /// <exception cref="Exception">The store cannot be asked.</exception>
    Task<string?> FindAsync(InstanceId id);
}
