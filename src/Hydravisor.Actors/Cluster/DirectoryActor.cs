using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Finds the node of a VM for this node's sessions, and keeps what they follow over the lives of the nodes.</summary>
/// <remarks>
/// What it remembers are hints, right as long as a VM stays on its node, as all do for now. What nobody remembers is asked of the store, so that "there is no such VM" is
/// never a guess.
/// </remarks>
internal sealed class DirectoryActor : UntypedActor, IWithTimers
{
    private const int HintsMax = 100_000;
    private const int WaitingMax = 10_000;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly DirectoryParts _parts;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<InstanceId, string> _hints = [];
    private readonly Dictionary<InstanceId, List<(object Message, IActorRef Sender)>> _waiting = [];
    private readonly Dictionary<IActorRef, HashSet<InstanceId>> _follows = [];
    private readonly HashSet<IActorRef> _followAll = [];
    private readonly LostVms _lost = new();
    private int _waitingCount;

    /// <summary>Makes it.</summary>
    public DirectoryActor(DirectoryParts parts) => _parts = parts;

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case IVmMessage about:
                Find(about.Id, about, Sender);
                break;
            case HostMessages.ListVms list:
                Gather(list, Sender);
                break;
            case HostMessages.Follow follow:
                Follow(follow);
                break;
            case Found found:
                OnFound(found);
                break;
            case MembersActor.Changed changed:
                OnMember(changed.Name, changed.Now);
                break;
            case NodesKnown known:
                OnNodes(known);
                break;
            case LostKnown known:
                OnLost(known);
                break;
            case HostMessages.VmsListed back:
                OnBack(back);
                break;
            case Terminated gone:
                _follows.Remove(gone.ActorRef);
                _followAll.Remove(gone.ActorRef);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Find(InstanceId id, object message, IActorRef sender)
    {
        if (_parts.Roster.TryFind(id, out _))
        {
            Hand(_parts.Members.Self, message, sender);
        }
        else if (_hints.TryGetValue(id, out var node))
        {
            Hand(node, message, sender);
        }
        else if (_waitingCount >= WaitingMax)
        {
            Refuse(message, sender, "more VMs are looked for than can be at once");
        }
        else
        {
            Wait(id, message, sender);
        }
    }

    private void Wait(InstanceId id, object message, IActorRef sender)
    {
        _waitingCount++;
        if (_waiting.TryGetValue(id, out var others))
        {
            others.Add((message, sender));
            return;
        }

        _waiting[id] = [(message, sender)];
        _parts.Places.FindAsync(id).PipeTo(Self, success: found => new Found(id, found, null), failure: e => new Found(id, null, e.GetBaseException().Message));
    }

    private void OnFound(Found found)
    {
        if (!_waiting.Remove(found.Id, out var asked))
        {
            return;
        }

        _waitingCount -= asked.Count;
        if (found.Node is { } node)
        {
            Remember(found.Id, node);
        }

        foreach (var (message, sender) in asked)
        {
            if (found.Node is { } there)
            {
                Hand(there, message, sender);
            }
            else if (found.Trouble is { } trouble)
            {
                Refuse(message, sender, $"where it is cannot be looked up: {trouble}");
            }
            else
            {
                // Nobody has it: the host of this node knows how to say so.
                _parts.Host.Tell(message, sender);
            }
        }
    }

    private void Remember(InstanceId id, string node)
    {
        if (_hints.Count >= HintsMax)
        {
            _hints.Clear();
        }

        _hints[id] = node;
    }

    private void Hand(string node, object message, IActorRef sender)
    {
        if (node == _parts.Members.Self)
        {
            _parts.Host.Tell(message, sender);
        }
        else if (_parts.Members.ByName.GetValueOrDefault(node) is { IsThere: true } member)
        {
            Context.ActorSelection(member.HostPath).Tell(message, sender);
        }
        else if (message is IVmMessage about && _lost.Find(about.Id) is { } lost && (about is VmQuery || !about.Reach.Covers(lost.Facts)))
        {
            sender.Tell(about.Reach.Covers(lost.Facts) ? new VmReply.Granted(lost, Already: true) { Correlation = about.Correlation } : VmReply.NotThere(about.Id, about.Correlation));
        }
        else
        {
            Refuse(message, sender, Member.Lost(node));
        }
    }

    // Who follows hears of it when the node is back.
    private static void Refuse(object message, IActorRef sender, string why)
    {
        if (message is IVmMessage about)
        {
            sender.Tell(new VmReply.Denied(about.Id, ErrorCode.Unavailable, $"{about.Id} is not available now: {why}; nothing was done, try again") { Correlation = about.Correlation });
        }
    }

    private void Follow(HostMessages.Follow follow)
    {
        Context.Watch(Sender);
        if (follow.Id is not { } id)
        {
            _followAll.Add(Sender);
            foreach (var host in Hosts())
            {
                host.Tell(follow, Sender);
            }

            return;
        }

        if (!_follows.TryGetValue(Sender, out var followed))
        {
            _follows[Sender] = followed = [];
        }

        followed.Add(id);
        Find(id, follow, Sender);
    }

    private void OnMember(string name, Member? now)
    {
        if (name == _parts.Members.Self)
        {
            if (now is { IsThere: true })
            {
                // Which nodes there should be: of one that is away since before this one began nobody tells.
                _parts.Places.NodesAsync().PipeTo(Self, success: nodes => new NodesKnown(nodes), failure: _ => new NodesKnown([]));
            }
        }
        else if (now is { IsThere: true })
        {
            Return(now);
        }
        else
        {
            Lose(name);
        }
    }

    private void OnNodes(NodesKnown known)
    {
        foreach (var name in known.Names.Where(name => name != _parts.Members.Self && _parts.Members.ByName.GetValueOrDefault(name) is not { IsThere: true }))
        {
            Lose(name);
        }
    }

    private void Lose(string node)
    {
        if (_lost.Lose(node, _parts.Time.GetUtcNow()))
        {
            Read(node);
        }
    }

    private void Read(string node) =>
        _parts.Places.VmsOfAsync(node).PipeTo(Self, success: views => new LostKnown(node, views, null), failure: e => new LostKnown(node, [], e.GetBaseException().Message));

    private void OnLost(LostKnown known)
    {
        if (known.Trouble is { } trouble)
        {
            _log.Warning("the VMs of the lost node {Node} cannot be read, and are tried again: {Reason}", known.Node, trouble);
            // By then it may be back: whether it is lost is asked when this comes.
            _lost.Return(known.Node);
            Timers.StartSingleTimer(known.Node, new NodesKnown([known.Node]), RetryAfter);
            return;
        }

        foreach (var change in _lost.Know(known.Node, known.Views))
        {
            Remember(change.View.Id, known.Node);
            Tell(change);
        }
    }

    private void Tell(HostMessages.VmChanged change)
    {
        foreach (var session in _followAll)
        {
            session.Tell(change);
        }

        foreach (var (session, ids) in _follows)
        {
            if (!_followAll.Contains(session) && ids.Contains(change.View.Id))
            {
                session.Tell(change);
            }
        }
    }

    // It does not know who followed it; and those who heard that its VMs were lost hear how they are.
    private void Return(Member member)
    {
        var host = Context.ActorSelection(member.HostPath);
        foreach (var session in _followAll)
        {
            host.Tell(new HostMessages.Follow(Id: null), session);
        }

        foreach (var (session, ids) in _follows)
        {
            // Where nobody remembers the place, it is looked for again.
            foreach (var id in ids.Where(id => !_hints.TryGetValue(id, out var node) || node == member.Name))
            {
                Find(id, new HostMessages.Follow(id), session);
            }
        }

        if (_lost.Return(member.Name).Count > 0)
        {
            Gather(new HostMessages.ListVms(0, Labels: null, Phase: null), Self, [host]);
        }
    }

    private void OnBack(HostMessages.VmsListed back)
    {
        foreach (var view in back.Views)
        {
            Tell(new HostMessages.VmChanged(VmPhase.Unreachable, view));
        }
    }

    private void Gather(HostMessages.ListVms list, IActorRef asker, IReadOnlyList<ICanTell>? hosts = null)
    {
        IReadOnlyList<VmView> lost = hosts is null ? [.. _lost.Views.Where(list.Wants)] : [];
        Context.ActorOf(Props.Create(() => new ListGather(list, hosts ?? Hosts(), lost, asker, _parts.AnswerWithin)));
    }

    private List<ICanTell> Hosts() =>
        [_parts.Host, .. _parts.Members.ByName.Values.Where(member => member.IsThere && member.Name != _parts.Members.Self).Select(member => Context.ActorSelection(member.HostPath))];

    private sealed record Found(InstanceId Id, string? Node, string? Trouble) : INoSerializationVerificationNeeded;

    private sealed record NodesKnown(IReadOnlyList<string> Names) : INoSerializationVerificationNeeded;

    private sealed record LostKnown(string Node, IReadOnlyList<VmView> Views, string? Trouble) : INoSerializationVerificationNeeded;
}

/// <summary>What a directory works with.</summary>
/// <param name="Host">This node's host actor.</param>
/// <param name="Roster">The VMs of this node.</param>
/// <param name="Members">The nodes.</param>
/// <param name="Places">What the store knows.</param>
/// <param name="AnswerWithin">How long other nodes may take for a list.</param>
/// <param name="Time">The clock.</param>
internal sealed record DirectoryParts(IActorRef Host, Roster Roster, Members Members, IPlaces Places, TimeSpan AnswerWithin, TimeProvider Time);
