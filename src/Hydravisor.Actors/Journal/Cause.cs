namespace Hydravisor.Actors.Journal;

/// <summary>Why an event was stored: which agent under which rule asked for it, or what the node observed.</summary>
/// <remarks>Exactly one of <see cref="Agent"/> and <see cref="Observation"/> is set.</remarks>
/// <param name="Agent">The agent's fingerprint, or <c>anonymous</c>; null when nobody asked.</param>
/// <param name="Role">The role that the agent acted in.</param>
/// <param name="RequestId">The agent's own <c>meta.request_id</c>, where it gave one.</param>
/// <param name="Connection">The connection that the request came over.</param>
/// <param name="Rule">The id of the policy rule that allowed it.</param>
/// <param name="Policy">The digest of the policy in force.</param>
/// <param name="Observation">What was observed, in a stable word, for example <c>outcome:boot</c>.</param>
internal sealed record Cause(
    string? Agent = null,
    string? Role = null,
    string? RequestId = null,
    string? Connection = null,
    string? Rule = null,
    string? Policy = null,
    string? Observation = null)
{
    /// <summary>The cause of an event that follows from what the node saw.</summary>
    public static Cause Observed(string observation) => new(Observation: observation);
}
