using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>What nodes that share a store settle before a VM is made: whose it is, that its name is nobody else's, and what its agent has of all of them. Safe for all threads.</summary>
internal interface IReservations
{
    /// <summary>Keeps id, name and quota for a VM of this node. Repeatable: what this node has stays its own.</summary>
    /// <param name="entry">The VM.</param>
    /// <param name="quota">The most that its agent may have; null: no limit.</param>
    /// <exception cref="Exception">The store cannot be asked, or does not let this process write as the node.</exception>
    Task<Reservation> ReserveAsync(RegistryEntry entry, RegistryQuota? quota);

    /// <summary>Lets go what was kept for a VM that was never made. Repeatable.</summary>
    /// <exception cref="Exception">As above.</exception>
    Task ReleaseAsync(InstanceId id);
}

/// <summary>What became of a reservation.</summary>
internal abstract record Reservation
{
    private Reservation()
    {
    }

    /// <summary>It is this node's.</summary>
    public sealed record Granted : Reservation;

    /// <summary>The VM is another node's: the same request got there first.</summary>
    public sealed record Elsewhere(string Node) : Reservation;

    /// <summary>It is nobody's, and cannot be made.</summary>
    public sealed record Refused(ErrorCode Code, string Message) : Reservation;
}
