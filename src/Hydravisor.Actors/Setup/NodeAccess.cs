using Hydravisor.Actors.Access;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Access.Replay;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Postgres;

namespace Hydravisor.Actors.Setup;

/// <summary>Whom a running node lets in: agents as their store has them now, the nonces in <c>replay/</c>. Safe for all threads.</summary>
internal sealed class NodeAccess : IAsyncDisposable
{
    private const long NoncesMax = 32 * 1024 * 1024;
    private const string BootId = "/proc/sys/kernel/random/boot_id";
    private readonly AgentWatch _agents;
    private readonly ReplayGuard _replay;

    private NodeAccess(AgentWatch agents, ReplayGuard replay, AccessControl control) => (_agents, _replay, Control) = (agents, replay, control);

    /// <summary>Whom it lets in.</summary>
    public AccessControl Control { get; }

    /// <summary>Where the agents of a node are: with its journal.</summary>
    /// <param name="settings">What the operator set.</param>
    /// <param name="time">The clock.</param>
    public static IAgentStore StoreOf(NodeSettings settings, TimeProvider time) => NodeJournal.AddressOf(settings) is JournalAddress.Database database
        ? new PostgresAgents(database)
        : new AgentFile(settings.DataDirectory, time);

    /// <summary>Reads what there is, and follows it from then on.</summary>
    /// <param name="settings">What the operator set; the data directory is held by this process.</param>
    /// <param name="time">The clock.</param>
    /// <param name="report">Told, for the log, of what cannot be used. Must not wait.</param>
    /// <exception cref="SettingException">Something cannot be used.</exception>
    public static async Task<NodeAccess> OpenAsync(NodeSettings settings, TimeProvider time, Action<string> report)
    {
        var policy = settings.Policy;
        AgentWatch? agents = null;
        try
        {
            if (LeftBehind(settings, time) is { } left)
            {
                report(left);
            }

            agents = await AgentWatch.OpenAsync(StoreOf(settings, time), time, report).ConfigureAwait(false);
            var replay = new ReplayGuard(Path.Combine(settings.DataDirectory, "replay"), policy.Skew, NoncesMax, (await File.ReadAllTextAsync(BootId).ConfigureAwait(false)).Trim(), time);
            var control = new AccessControl(policy, agents.Book, replay, time);
            agents.Changed += (_, now) => control.Replace(now);
            await agents.StartAsync().ConfigureAwait(false);
            return new NodeAccess(agents, replay, control);
        }
        catch (Exception e) when (e is AgentException or IOException or UnauthorizedAccessException)
        {
            if (agents is not null)
            {
                await agents.DisposeAsync().ConfigureAwait(false);
            }

            throw new SettingException($"whom the node lets in cannot be read: {e.Message}");
        }
    }

    /// <summary>What an operator should know of a file of agents that nobody reads, since the agents are in a database; null: there is nothing to say.</summary>
    /// <param name="settings">What the operator set.</param>
    /// <param name="time">The clock.</param>
    public static string? LeftBehind(NodeSettings settings, TimeProvider time)
    {
        if (NodeJournal.AddressOf(settings) is not JournalAddress.Database database)
        {
            return null;
        }

        var file = new AgentFile(settings.DataDirectory, time);
        try
        {
            return file.Read().Agents.Count is var count and > 0
                ? $"{file.Path} has {count} {(count == 1 ? "agent" : "agents")} and is not looked at: the agents are in {database}. To bring them there: hydravisor agent migrate --data {file.Directory}"
                : null;
        }
        catch (AgentException e)
        {
            return $"{e.Message}. It is not looked at: the agents are in {database}. Mend it and bring its agents there (hydravisor agent migrate --data {file.Directory}), or remove it";
        }
    }

    /// <summary>Another policy is in force from now on, and the agents are looked at.</summary>
    public Task ReloadAsync(Policy policy)
    {
        Control.Replace(policy);
        return _agents.LookAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _agents.DisposeAsync().ConfigureAwait(false);
        _replay.Dispose();
    }
}
