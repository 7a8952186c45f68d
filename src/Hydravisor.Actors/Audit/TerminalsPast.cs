using System.Text.Json;

namespace Hydravisor.Actors.Audit;

/// <summary>Somebody who was at a VM's terminal.</summary>
/// <param name="Agent">Who.</param>
/// <param name="AgentRole">In which role of the policy.</param>
/// <param name="Connection">Over which connection.</param>
/// <param name="Role">operator or auditor.</param>
/// <param name="Since">Since when.</param>
/// <param name="Streamed">Whether over the connection; otherwise the command that attaches was given to it, and when it was left is not known.</param>
internal sealed record Attendance(string? Agent, string? AgentRole, string? Connection, string Role, DateTimeOffset Since, bool Streamed);

/// <summary>Who was at a VM's terminal at some time, and which policy was in force, as the ledger tells.</summary>
/// <param name="Policy">The digest of the policy; null: none was written down yet.</param>
/// <param name="Present">Those who were there.</param>
internal sealed record TerminalsPast(string? Policy, IReadOnlyList<Attendance> Present)
{
    /// <summary>Folds a node's ledger up to a time. Pure.</summary>
    /// <param name="rows">The rows of the ledger, in the order of their numbers. That they are as they were stored is checked elsewhere.</param>
    /// <param name="instanceId">The VM.</param>
    /// <param name="time">The time; what happened then counts.</param>
    public static TerminalsPast At(IEnumerable<JournalRow> rows, string instanceId, DateTimeOffset time)
    {
        string? policy = null;
        var present = new List<Attendance>();
        foreach (var row in rows)
        {
            if (AuditEntry.Of(row) is not { At: { } at, Event: { } what } entry)
            {
                continue;
            }

            if (at > time)
            {
                break;
            }

            using var json = JsonDocument.Parse(what);
            var root = json.RootElement;
            switch (entry.Manifest)
            {
                case "ledger.policy-in-force.v1":
                    policy = root.GetProperty("digest").GetString();
                    break;
                case "ledger.node-started.v1":
                    // Its connections ended with the node before it; who has the command could be there still.
                    present.RemoveAll(each => each.Streamed);
                    break;
                case "ledger.attached.v1" when entry.IsAbout(instanceId):
                    present.Add(new Attendance(
                        entry.Cause?.Agent, entry.Cause?.Role, entry.Cause?.Connection, root.GetProperty("role").GetString() ?? "", at, root.GetProperty("streamed").GetBoolean()));
                    break;
                case "ledger.detached.v1" when entry.IsAbout(instanceId):
                    present.RemoveAll(each => each.Streamed && each.Connection == entry.Cause?.Connection);
                    break;
            }
        }

        return new TerminalsPast(policy, present);
    }
}
