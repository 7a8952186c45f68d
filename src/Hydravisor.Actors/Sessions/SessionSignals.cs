using Akka.Actor;

namespace Hydravisor.Actors.Sessions;

/// <summary>What a session tells itself.</summary>
internal static class SessionSignals
{
    /// <summary>The mailbox has nothing more to say at once.</summary>
    public sealed record Flush : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static Flush Instance { get; } = new();
    }

    /// <summary>The connection takes more, or is gone.</summary>
    public sealed record RoomThere(bool Open) : INoSerializationVerificationNeeded;

    /// <summary>Time to ask the peer whether it is there.</summary>
    public sealed record HeartbeatDue : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static HeartbeatDue Instance { get; } = new();
    }

    /// <summary>Time to look for requests that are overdue.</summary>
    public sealed record SweepDue : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static SweepDue Instance { get; } = new();
    }

    /// <summary>The time to end is up.</summary>
    public sealed record DrainOver : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static DrainOver Instance { get; } = new();
    }

    /// <summary>The policy or the agents have changed.</summary>
    public sealed record AccessChanged : INoSerializationVerificationNeeded
    {
        /// <summary>The one.</summary>
        public static AccessChanged Instance { get; } = new();
    }
}
