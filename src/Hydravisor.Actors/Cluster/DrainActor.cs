using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Moves this node's VMs to others, one after another, as long as the node is to be drained.</summary>
/// <remarks>
/// <code><![CDATA[
/// may it move? ─> how does it stand? ─> who has room? ─> a place there ─> there, as it ran: released (written down) ─> the next
///      └───────────────┴───────────────────┴─> stays,           └──────────┬─> it does not run, cannot go so, or did not get there so three times
///                                              tried again                 └─> off (written down) ─> its disk there ─> released (written down) ─> the next
///                                                                                      └──────────────────┴─> its move is ended: it stays, and runs again; tried again
/// ]]></code>
/// That the node is to be drained stands in its registry, and that a VM is on its way in the VM's own events, so nothing is lost with this actor: when it
/// begins it ends each move that somebody before it began. See docs/decisions/0023-a-vm-moves-when-the-other-node-has-its-disk.md.
/// </remarks>
internal sealed class DrainActor : UntypedActor, IWithTimers
{
    // What broke on the way may hold the next time; memory that somebody works with is worth some tries.
    private const int LiveTriesMax = 3;

    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AnsweredWithin = TimeSpan.FromMinutes(2);

    private readonly DrainParts _parts;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<InstanceId, PutAside> _aside = [];
    private readonly Dictionary<InstanceId, int> _missed = [];
    private List<VmView> _here = [];
    private Leaving? _leaving;
    private bool _drains;
    private bool _tidies = true;
    private long _correlation;

    /// <summary>Makes it.</summary>
    public DrainActor(DrainParts parts) => _parts = parts;

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, _parts.LookEvery);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick:
                _parts.Host.Tell(new HostMessages.QueryCordon(), Self);
                AskAgain();
                break;
            case HostMessages.CordonIs told:
                OnCordon(told.Cordon is { IsDrain: true });
                break;
            case HostMessages.VmsListed listed:
                OnListed(listed.Views);
                break;
            case HostMessages.VmChanged changed:
                OnView(changed.View);
                break;
            case Found found when _leaving is { Step: LeavingStep.Reading } leaving && leaving.Correlation == found.Correlation:
                OnFound(leaving, found);
                break;
            case VmReply reply when _leaving is { } leaving && leaving.Correlation == reply.Correlation:
                OnReply(leaving, reply);
                break;
            case MembersActor.Changed { Now: not { IsThere: true } } changed when _leaving is { Step: not LeavingStep.Releasing } leaving && leaving.To == changed.Name:
                Stay(leaving, Silent(changed.Name));
                break;
            case MembersActor.Changed:
                // Who came may have room, and who went may have been what was waited for.
                _aside.Clear();
                break;
            case Found or VmReply:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnCordon(bool drains)
    {
        if (drains != _drains)
        {
            _log.Info(drains ? "the node is drained: its VMs are moved to other nodes" : "the node is not drained any more");
            _aside.Clear();
            _missed.Clear();
        }

        _drains = drains;
        if (!drains && _leaving is { Step: not (LeavingStep.Releasing or LeavingStep.Migrating) } leaving)
        {
            Stay(leaving, "its node is not drained any more");
        }

        if (drains || _tidies)
        {
            _parts.Host.Tell(new HostMessages.ListVms(0, Labels: null, Phase: null), Self);
        }
    }

    private void OnListed(IReadOnlyList<VmView> views)
    {
        _here = [.. views];
        var left = Draining.Left(_here, _leaving?.Id).ToList();
        _tidies = left.Count > 0;
        foreach (var id in left)
        {
            _parts.Host.Tell(new VmMoveAsk(id, 0, new VmMoveStep.End(_aside.GetValueOrDefault(id)?.Why ?? "its node began anew meanwhile")), Self);
        }

        if (_leaving is { Step: LeavingStep.Stopping or LeavingStep.Migrating } leaving)
        {
            if (_here.Find(view => view.Id == leaving.Id) is { } view)
            {
                OnView(view);
            }
            else
            {
                // It was deleted, or is the other node's.
                _leaving = null;
            }
        }

        GoOn();
    }

    // The next one, if there is none on its way.
    private void GoOn()
    {
        if (!_drains)
        {
            return;
        }

        var now = _parts.Time.GetUtcNow();
        if (_leaving is null && _parts.Members.Refusal is null && Draining.Next(_here, _aside, now) is { } next)
        {
            Ask(new Leaving(next, LeavingStep.Considering, 0, 0), new VmMoveStep.Consider());
        }

        _parts.Host.Tell(new HostMessages.DrainAdvanced(Draining.Standing(_here, _aside)), Self);
    }

    private void OnReply(Leaving leaving, VmReply reply)
    {
        switch (leaving.Step, reply)
        {
            case (LeavingStep.Landing or LeavingStep.Migrating, VmReply.Denied denied):
                GoOff(leaving, denied.Message);
                break;
            case (LeavingStep.Stopping, VmReply.Denied):
                // It has no room for it any more. It is asked again when the VM is off.
                break;
            case (_, VmReply.Denied denied):
                Stay(leaving, denied.Message);
                break;
            case (LeavingStep.Considering, VmReply.Granted):
                var reading = Put(leaving with { Step = LeavingStep.Reading });
                _parts.Adoptions.FindAsync(leaving.Id).PipeTo(
                    Self, success: left => new Found(reading.Correlation, left, null), failure: e => new Found(reading.Correlation, null, e.GetBaseException().Message));
                break;
            case (LeavingStep.Placing, VmReply.Expected expected):
                _parts.Host.Tell(new HostMessages.Follow(leaving.Id), Self);
                if (_here.Find(view => view.Id == leaving.Id) is { Phase: VmPhase.Running } && _missed.GetValueOrDefault(leaving.Id) < LiveTriesMax)
                {
                    var landing = Put(leaving with { Step = LeavingStep.Landing, To = expected.Node });
                    Expect(_leaving = landing with { Landing = landing.Correlation });
                }
                else
                {
                    Ask(leaving with { Step = LeavingStep.Beginning, To = expected.Node }, new VmMoveStep.Begin(expected.Node));
                }

                break;
            case (LeavingStep.Landing, VmReply.Landing landing):
                Ask(leaving with { Step = LeavingStep.Migrating }, new VmMoveStep.Migrate(leaving.To!, landing.Place));
                break;
            case (LeavingStep.Migrating, VmReply.Granted granted):
                _log.Info("{InstanceId} is moved to {Node} as it runs", leaving.Id, leaving.To);
                Put(leaving with { Revision = granted.View.Revision });
                OnView(granted.View);
                break;
            case (LeavingStep.Beginning, VmReply.Granted granted):
                _log.Info("{InstanceId} is moved to {Node}", leaving.Id, leaving.To);
                Put(leaving with { Step = LeavingStep.Stopping, Revision = granted.View.Revision });
                OnView(granted.View);
                break;
            case (LeavingStep.Bringing, VmReply.Expected):
                Ask(leaving with { Step = LeavingStep.Releasing }, new VmMoveStep.Release(leaving.To!, leaving.Revision));
                break;
            case (LeavingStep.Releasing, VmReply.Granted):
                Left(leaving);
                break;
        }
    }

    private void Left(Leaving leaving)
    {
        _log.Info("{InstanceId} is {Node}'s", leaving.Id, leaving.To);
        TellOther(leaving, new HostMessages.LookForReleased());
        _here.RemoveAll(view => view.Id == leaving.Id);
        _missed.Remove(leaving.Id);
        _leaving = null;
        GoOn();
    }

    // Not before its move is written down: what it did before it was told says nothing.
    private void OnView(VmView view)
    {
        if (_leaving is not { Revision: not 0 } leaving || leaving.Id != view.Id || view.Revision < leaving.Revision)
        {
            return;
        }

        if (leaving.Step == LeavingStep.Migrating)
        {
            OnMigrating(leaving, view);
        }
        else if (leaving.Step == LeavingStep.Stopping)
        {
            OnStopping(leaving, view);
        }
    }

    private void OnMigrating(Leaving leaving, VmView view)
    {
        switch (Draining.IsAway(view, leaving.To!))
        {
            case true:
                Left(leaving);
                break;
            case false:
                _missed[leaving.Id] = _missed.GetValueOrDefault(leaving.Id) + 1;
                Stay(leaving, $"it did not get there as it runs ({view.Reason})");
                break;
        }
    }

    // As it runs it does not get there: with a stop it may.
    private void GoOff(Leaving leaving, string why)
    {
        _log.Info("{InstanceId} cannot go to {Node} as it runs, so it is stopped: {Reason}", leaving.Id, leaving.To, why);
        Ask(leaving with { Step = LeavingStep.Beginning, Revision = 0, Landing = 0 }, new VmMoveStep.Begin(leaving.To!));
    }

    private void OnFound(Leaving leaving, Found found)
    {
        if (found.Left is { State: { Spec: { } spec } state } && state.Node == _parts.Members.Self)
        {
            var placing = Put(leaving with { Step = LeavingStep.Placing });
            _parts.Placement.Tell(new PlacementActor.Expect(placing.Correlation, leaving.Id, state.Node, spec.ToRequest()), Self);
        }
        else
        {
            Stay(leaving, found.Trouble is { } trouble ? $"the store that the nodes share cannot be asked ({trouble})" : "it is not there");
        }
    }

    private void OnStopping(Leaving leaving, VmView view)
    {
        switch (Draining.IsOff(view, leaving.To!))
        {
            case true:
                Expect(Put(leaving with { Step = LeavingStep.Bringing, Revision = view.Revision }));
                break;
            case false:
                Stay(leaving, $"it did not go off{(view.Reason is { } why ? $" ({why})" : "")}");
                break;
        }
    }

    // Room is kept as long as it is asked for.
    private void Expect(Leaving leaving)
    {
        var isLive = leaving.Landing != 0;
        var expect = new HostMessages.ExpectVm(isLive ? leaving.Landing : leaving.Correlation, leaving.Id, _parts.Members.Self, leaving.Step == LeavingStep.Bringing, isLive);
        if (!TellOther(leaving, expect))
        {
            Stay(leaving, Silent(leaving.To!));
        }
    }

    // What the other node was told or answered may have been lost; a guest takes its time to stop, and a disk or a memory as long as it is large.
    private void AskAgain()
    {
        if (_leaving is not { } leaving)
        {
            return;
        }

        if (leaving.Step is not (LeavingStep.Stopping or LeavingStep.Bringing or LeavingStep.Migrating) && _parts.Time.GetElapsedTime(leaving.AskedAt) > AnsweredWithin)
        {
            Stay(leaving, "it was not heard of in time");
        }
        else if (leaving.IsTheOthers && _parts.Time.GetElapsedTime(leaving.SentAt) > AskAgainAfter)
        {
            Expect(_leaving = leaving with { SentAt = _parts.Time.GetTimestamp() });
        }
    }

    // Where it may have gone off already, its move is ended as soon as the next list shows that it was begun: one that was released meanwhile is left alone.
    private void Stay(Leaving leaving, string why)
    {
        _log.Info("{InstanceId} stays for now: {Reason}", leaving.Id, why);
        _aside[leaving.Id] = new PutAside(why, _parts.Time.GetUtcNow() + AgainAfter);
        _leaving = null;
        // One that was to be released may be the other's by now.
        if (leaving.To is not null && leaving.Step != LeavingStep.Releasing)
        {
            TellOther(leaving, new HostMessages.ExpectNoMore(leaving.Id, _parts.Members.Self));
        }

        if (leaving.IsUnderWay)
        {
            _parts.Host.Tell(new VmMoveAsk(leaving.Id, 0, new VmMoveStep.End(why)), Self);
        }

        _tidies |= leaving.Step >= LeavingStep.Beginning;
        GoOn();
    }

    private void Ask(Leaving leaving, VmMoveStep step) => _parts.Host.Tell(new VmMoveAsk(leaving.Id, Put(leaving).Correlation, step), Self);

    private Leaving Put(Leaving leaving)
    {
        var now = _parts.Time.GetTimestamp();
        return _leaving = leaving with { Correlation = ++_correlation, AskedAt = now, SentAt = now };
    }

    private bool TellOther(Leaving leaving, object message)
    {
        if (_parts.Members.ByName.GetValueOrDefault(leaving.To!) is not { IsThere: true } member)
        {
            return false;
        }

        _parts.HostOf(member).Tell(message, Self);
        return true;
    }

    private static string Silent(string node) => $"the node {node}, which was to take it, does not answer";

    private sealed record Found(long Correlation, VmLeft? Left, string? Trouble) : INoSerializationVerificationNeeded;

    private sealed record Tick : INoSerializationVerificationNeeded
    {
        public static Tick Instance { get; } = new();
    }
}

/// <summary>What a node is drained with.</summary>
/// <param name="Host">The node's host actor.</param>
/// <param name="HostOf">That of any node.</param>
/// <param name="Members">The nodes.</param>
/// <param name="Adoptions">How VMs stand.</param>
/// <param name="Placement">Finds nodes for them.</param>
/// <param name="LookEvery">How often the node is looked at.</param>
/// <param name="Time">The clock.</param>
internal sealed record DrainParts(IActorRef Host, Func<Member, ICanTell> HostOf, Members Members, IAdoptions Adoptions, IActorRef Placement, TimeSpan LookEvery, TimeProvider Time);
