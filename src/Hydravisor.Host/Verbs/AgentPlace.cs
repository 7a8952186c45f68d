using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Migration;
using Hydravisor.Actors.Setup.Postgres;

namespace Hydravisor.Host.Verbs;

/// <summary>Where a verb finds the agents: by the settings that <c>serve</c> has, with the journal.</summary>
/// <param name="Directory">The data directory.</param>
/// <param name="Journal">The journal.</param>
/// <param name="Store">The agents.</param>
/// <param name="Roles">The roles of the policy here.</param>
internal sealed record AgentPlace(string Directory, JournalAddress Journal, IAgentStore Store, IReadOnlyList<string> Roles)
{
    private const string Living = "select name from hydravisor_node where hydravisor_lives(name)";

    /// <summary>Whether they are in a file of one node.</summary>
    public bool IsFile => Journal is JournalAddress.SqliteFile;

    /// <summary>That of a node with these settings.</summary>
    /// <exception cref="SettingException">The node's own are elsewhere: what a verb did here, it would never hear of.</exception>
    public static AgentPlace Of(NodeSettings settings, TimeProvider time)
    {
        var (directory, journal) = (settings.DataDirectory, NodeJournal.AddressOf(settings));
        var file = Path.Combine(directory, DataDirectory.JournalName);
        return MigratedFile.WhyNotBegin(journal, file) is { } why ? throw new SettingException(why)
            : journal is JournalAddress.SqliteFile && !File.Exists(file) && DataDirectory.IsHeld(directory)
            ? throw new SettingException(
                $"the node that runs on {directory} has its journal and its agents in a database, and none is named here: set HYDRAVISOR_POSTGRESQL or hydravisor.journal.postgresql as for the node")
            : new AgentPlace(directory, journal, NodeAccess.StoreOf(settings, time), [.. settings.Policy.Data.Roles.Select(role => role.Name)]);
    }

    /// <summary>The nodes that run, of those that may have an agent's VMs.</summary>
    /// <exception cref="AgentException">The database cannot be asked.</exception>
    public async Task<RunningNodes> RunningAsync()
    {
        if (Journal is not JournalAddress.Database database)
        {
            return DataDirectory.IsHeld(Directory) ? new RunningNodes(Any: true, _ => true) : new RunningNodes(Any: false, _ => false);
        }

        var store = new SharedStore(database);
        await using (store.ConfigureAwait(false))
        {
            try
            {
                var living = (await store.AskAsync(Living, row => row.GetString(0)).ConfigureAwait(false)).ToHashSet(StringComparer.Ordinal);
                return new RunningNodes(living.Count > 0, living.Contains);
            }
            catch (Exception e) when (NodeClaim.IsOfDatabase(e))
            {
                throw new AgentException($"which nodes run cannot be told, since {database} does not answer");
            }
        }
    }
}

/// <summary>Which nodes run.</summary>
/// <param name="Any">Whether any does.</param>
/// <param name="Runs">Whether one of that name does.</param>
internal sealed record RunningNodes(bool Any, Func<string, bool> Runs);
