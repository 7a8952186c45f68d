using Hydravisor.Actors.Hypervisors.Libvirt.Calls;
using Hydravisor.Actors.Hypervisors.Libvirt.Connection;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt;

/// <summary>Makes calls on the daemon: each on the lane and the connection that are for its kind, in its domain's turn, and with every error
/// turned into an outcome. Safe for all threads.</summary>
internal sealed class LibvirtCalls : IDisposable
{
    private readonly LibvirtLink _link;
    private readonly DomainTurns _turns = new();
    private readonly DomainTurns _agentTurns;
    private readonly CallLane _reads;
    private readonly CallLane _lifecycle;
    private readonly CallLane _emergency;
    private readonly CallLane _agent;
    private readonly CallLane _moves;

    /// <summary>Starts the lanes' threads.</summary>
    public LibvirtCalls(LibvirtLink link, LibvirtSettings settings, TimeProvider time)
    {
        _link = link;
        _reads = new CallLane("reads", threads: 2, settings.QueueMax, settings.ReadLimit, time);
        _lifecycle = new CallLane("lifecycle", threads: 4, settings.QueueMax, settings.CallLimit, time);
        _emergency = new CallLane("emergency", threads: 2, settings.QueueMax, settings.CallLimit, time);
        _agentTurns = new DomainTurns(settings.QueueMax);
        _moves = new CallLane("moves", threads: 2, settings.QueueMax, settings.LiveLimit * 2, time);
        _agent = new CallLane("agent", threads: 4, settings.QueueMax, settings.ReadLimit, time);
    }

    /// <summary>Calls that hang beyond their limit now.</summary>
    public int Stuck => _reads.Stuck + _lifecycle.Stuck + _emergency.Stuck + _agent.Stuck + _moves.Stuck;

    /// <summary>Looks at something.</summary>
    public Task<Outcome<T>> ReadAsync<T>(Func<LibvirtConnection, Outcome<T>> work) =>
        On(_reads, static session => session.Reads, work, OutcomeKind.Unavailable).Answer;

    /// <summary>Asks a guest's agent something. One question at a time for each guest: more would only wait for the first one, each on a
    /// thread, and a guest that does not answer would keep all others from theirs.</summary>
    public Task<Outcome<T>> AskAgentAsync<T>(InstanceId id, Func<LibvirtConnection, Outcome<T>> work) =>
        _agentTurns.InTurnAsync(id, brings: false, _ => On(_agent, static session => session.Agent, work, OutcomeKind.Unavailable));

    /// <summary>Changes a domain, after the calls before on the same one.</summary>
    /// <param name="id">The domain.</param>
    /// <param name="brings">Whether the call brings something about, for which a destroy waits.</param>
    /// <param name="work">The call.</param>
    public Task<Outcome<T>> ChangeAsync<T>(InstanceId id, bool brings, Func<LibvirtConnection, Turn, Outcome<T>> work) =>
        _turns.InTurnAsync(id, brings, turn => On(
            _lifecycle, static session => session.Lifecycle, connection => turn.IsOvertaken ? Overtaken<T>() : work(connection, turn), OutcomeKind.Failed));

    /// <summary>Changes a domain, ahead of the calls before on the same one.</summary>
    public Task<Outcome<T>> OvertakeAsync<T>(InstanceId id, Func<LibvirtConnection, Outcome<T>> work) =>
        _turns.OvertakeAsync(id, _ => On(_emergency, static session => session.Emergency, work, OutcomeKind.Failed));

    /// <summary>Moves a domain to another node, which may take long, after the calls before on the same one. A destroy waits for none of it.</summary>
    public Task<Outcome<T>> MoveAsync<T>(InstanceId id, Func<LibvirtConnection, Outcome<T>> work) =>
        _turns.InTurnAsync(id, brings: false, turn => On(
            _moves, static session => session.Lifecycle, connection => turn.IsOvertaken ? Overtaken<T>() : work(connection), OutcomeKind.Failed));

    /// <summary>What a call is answered that a destroy or a removal overtook.</summary>
    public static Outcome<T> Overtaken<T>() => Outcome<T>.Failed("it was overtaken: the domain was destroyed or removed meanwhile");

    /// <inheritdoc/>
    public void Dispose()
    {
        _reads.Dispose();
        _lifecycle.Dispose();
        _emergency.Dispose();
        _agent.Dispose();
        _moves.Dispose();
    }

    private LaneCall<T> On<T>(
        CallLane lane, Func<LibvirtSession, LibvirtConnection> which, Func<LibvirtConnection, Outcome<T>> work, OutcomeKind timedOut)
    {
        if (_link.Trouble is { } trouble)
        {
            return new LaneCall<T>(Task.FromResult(Outcome<T>.Unavailable(trouble)), Task.CompletedTask);
        }

        return lane.Call(() => _link.Session is { } session
            ? Guarded(session, which(session), work, timedOut)
            : Outcome<T>.Unavailable(_link.Trouble ?? "libvirt is just being reached"));
    }

    private static Outcome<T> Guarded<T>(
        LibvirtSession session, LibvirtConnection connection, Func<LibvirtConnection, Outcome<T>> work, OutcomeKind timedOut)
    {
        try
        {
            return work(connection);
        }
        catch (LibvirtException e) when (e.IsConnectionLost || !session.IsAlive)
        {
            session.Lose($"the connection to libvirt was lost: {e.LibvirtMessage}");
            return Outcome<T>.Unavailable("the connection to libvirt was lost during the call");
        }
        catch (ObjectDisposedException)
        {
            return Outcome<T>.Unavailable("the connection to libvirt was closed during the call");
        }
        catch (LibvirtException e)
        {
            var kind = e.IsTimeout ? timedOut : OutcomeKind.Failed;
            return new Outcome<T>(new Outcome(kind, LibvirtWords.Of(e)), default);
        }
    }
}
