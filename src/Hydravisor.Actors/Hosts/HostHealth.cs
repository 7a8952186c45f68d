using Akka.Actor;

namespace Hydravisor.Actors.Hosts;

/// <summary>How far a host has come and whether it has its hypervisor. Immutable.</summary>
/// <param name="VmsAwaited">How many VMs are still to be read back from the journal; null: not even known how many.</param>
/// <param name="HasHypervisor">Whether the hypervisor can be reached, and what it has to give is known.</param>
/// <param name="HypervisorSince">Since when it has been there, or away.</param>
internal sealed record HostHealth(int? VmsAwaited, bool HasHypervisor, DateTimeOffset HypervisorSince) : INoSerializationVerificationNeeded
{
    /// <summary>Whoever watches over the node → host: how are you? Answered by <see cref="HostHealth"/>.</summary>
    internal sealed record Query : INoSerializationVerificationNeeded
    {
        /// <summary>The question.</summary>
        public static Query Instance { get; } = new();
    }
}
