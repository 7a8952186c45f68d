using Hydravisor.Actors.Access.Agents;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Access;

/// <summary>What the node says to a wrapped message before it looks into it.</summary>
internal abstract record Admission
{
    private Admission()
    {
    }

    /// <summary>It is whose it says it is.</summary>
    /// <param name="Principal">Who speaks.</param>
    /// <param name="KeyFingerprint">The key that signed it.</param>
    /// <param name="ExpiresAt">When the key ends; null: it does not.</param>
    public sealed record Granted(Principal Principal, string KeyFingerprint, DateTimeOffset? ExpiresAt) : Admission
    {
        /// <summary>What it was decided by. While both are in force, it is decided.</summary>
        public (Policy Policy, AgentKeyMatch Match)? Under { get; init; }
    }

    /// <summary>It is not let in: nothing of it is carried out.</summary>
    /// <param name="Code">401, 403 for a role that the agent may not take, 429 or 503.</param>
    /// <param name="Message">Why, for who sent it. It does not tell whether the agent is known.</param>
    public sealed record Denied(ErrorCode Code, string Message) : Admission;
}
