using Hydravisor.Actors.Access;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Access.Replay;

namespace Hydravisor.Actors.Setup;

/// <summary>Whom a running node lets in, from its files: agents as <c>agents.json</c> has them now, the nonces in <c>replay/</c>. Safe for all threads.</summary>
internal sealed class NodeAccess : IDisposable
{
    private const long NoncesMax = 32 * 1024 * 1024;
    private const string BootId = "/proc/sys/kernel/random/boot_id";
    private readonly AgentWatch _agents;
    private readonly ReplayGuard _replay;

    private NodeAccess(AgentWatch agents, ReplayGuard replay, AccessControl control) => (_agents, _replay, Control) = (agents, replay, control);

    /// <summary>Whom it lets in.</summary>
    public AccessControl Control { get; }

    /// <summary>Reads the files, and follows them from then on.</summary>
    /// <param name="policy">The policy to begin with.</param>
    /// <param name="data">The data directory, held by this process.</param>
    /// <param name="time">The clock.</param>
    /// <param name="report">Told, for the log, of what cannot be used. Must not wait.</param>
    /// <exception cref="SettingException">A file cannot be used.</exception>
    public static NodeAccess Open(Policy policy, string data, TimeProvider time, Action<string> report)
    {
        try
        {
            var agents = new AgentWatch(new AgentFile(data, time), time, report);
            var replay = new ReplayGuard(Path.Combine(data, "replay"), policy.Skew, NoncesMax, File.ReadAllText(BootId).Trim(), time);
            var control = new AccessControl(policy, agents.Book, replay, time);
            agents.Changed += (_, now) => control.Replace(now);
            agents.Start();
            return new NodeAccess(agents, replay, control);
        }
        catch (Exception e) when (e is AgentException or IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"whom the node lets in cannot be read: {e.Message}");
        }
    }

    /// <summary>Another policy is in force from now on, and the agents are looked at.</summary>
    public void Reload(Policy policy)
    {
        Control.Replace(policy);
        _agents.Look();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _agents.Dispose();
        _replay.Dispose();
    }
}
