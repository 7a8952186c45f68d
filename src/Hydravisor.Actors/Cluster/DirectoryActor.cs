using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Finds the node of a VM for this node's sessions, and keeps what they follow over the lives of the nodes.</summary>
/// <remarks>
/// What it remembers are hints, right as long as a VM stays on its node; of those that do not it is told (<see cref="MovesActor"/>), and of a node that was lost it believes none.
/// What nobody remembers is asked of the store, so that "there is no such VM" is never a guess.
/// </remarks>
internal sealed class DirectoryActor : UntypedActor, IWithTimers
{
    private const int WaitingMax = 10_000;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private static readonly VmReach Everything = new(new Principal("directory", "", ""), new VmScope("directory", [new VmSelector.All()]));

    private readonly DirectoryParts _parts;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly PlaceHints _hints = new();
    private readonly Dictionary<InstanceId, List<(object Message, IActorRef Sender)>> _waiting = [];
    private readonly SessionFollows _follows = new();
    private readonly LostVms _lost = new();
    private bool _knowsNodes;
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
            case HostMessages.QueryNodes query:
                GatherNodes(query, Sender);
                break;
            case HostMessages.SetCordon set:
                Cordon(set);
                break;
            case HostMessages.Follow follow:
                Follow(follow);
                break;
            case Found found:
                OnFound(found);
                break;
            case Placed placed:
                _hints.Remember(placed.Id, placed.Node);
                break;
            case MovesActor.Moved moved:
                OnMoved(moved);
                break;
            case VmReply.Granted now:
                // Asked for by itself, where somebody follows a VM that moved.
                _follows.Tell(new HostMessages.VmChanged(VmPhase.Unreachable, now.View));
                break;
            case VmReply:
                break;
            case MembersActor.Changed changed:
                OnMember(changed.Name, changed.Now);
                break;
            case AskNodes:
                Ask();
                break;
            case NodesKnown known:
                OnNodes(known);
                break;
            case ReadAgain again:
                ReadUnread(again.Node);
                break;
            case LostKnown known:
                OnLost(known);
                break;
            case HostMessages.VmsListed back:
                OnBack(back);
                break;
            case Terminated gone:
                _follows.Remove(gone.ActorRef);
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
        else if (_hints.TryFind(id, out var node))
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
            _hints.Remember(found.Id, node);
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

    private void Hand(string node, object message, IActorRef sender)
    {
        if (node == _parts.Members.Self)
        {
            _parts.Host.Tell(message, sender);
        }
        else if (_parts.Members.ByName.GetValueOrDefault(node) is { IsThere: true } member)
        {
            _parts.HostOf(member).Tell(message, sender);
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
        _follows.Add(Sender, follow.Id);
        if (follow.Id is { } id)
        {
            Find(id, follow, Sender);
            return;
        }

        foreach (var host in Hosts())
        {
            host.Tell(follow, Sender);
        }
    }

    private void OnMember(string name, Member? now)
    {
        if (name == _parts.Members.Self)
        {
            if (now is { IsThere: true })
            {
                Ask();
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

    // Which nodes there should be: of one that is away since before this one began nobody tells.
    private void Ask() => _parts.Places.NodesAsync().PipeTo(Self, success: nodes => new NodesKnown(nodes), failure: _ => new NodesKnown(null));

    private void OnNodes(NodesKnown known)
    {
        if (known.Names is null)
        {
            Timers.StartSingleTimer(nameof(AskNodes), new AskNodes(), RetryAfter);
            return;
        }

        _knowsNodes = true;
        foreach (var name in known.Names.Where(name => name != _parts.Members.Self && _parts.Members.ByName.GetValueOrDefault(name) is not { IsThere: true }))
        {
            Lose(name);
        }
    }

    private void Lose(string node)
    {
        if (_lost.Lose(node, _parts.Time.GetUtcNow()))
        {
            ReadUnread(node);
        }
    }

    private void ReadUnread(string node)
    {
        if (_lost.Unread.Contains(node))
        {
            _parts.Places.VmsOfAsync(node).PipeTo(Self, success: views => new LostKnown(node, views, null), failure: e => new LostKnown(node, [], e.GetBaseException().Message));
        }
    }

    private void OnLost(LostKnown known)
    {
        if (known.Trouble is { } trouble)
        {
            _log.Warning("the VMs of the lost node {Node} cannot be read, and are tried again: {Reason}", known.Node, trouble);
            // By then it may be back: whether it is lost is looked at when this comes.
            Timers.StartSingleTimer(known.Node, new ReadAgain(known.Node), RetryAfter);
            return;
        }

        // One that moved since they were read is not lost.
        var there = known.Views.Where(view => !_hints.TryFind(view.Id, out var node) || node == known.Node).ToList();
        foreach (var change in _lost.Know(known.Node, there))
        {
            _hints.Remember(change.View.Id, known.Node);
            _follows.Tell(change);
        }
    }

    private void OnMoved(MovesActor.Moved moved)
    {
        _lost.Remove(moved.Id);
        _hints.Remember(moved.Id, moved.To);
        var followers = _follows.Of(moved.Id);
        foreach (var session in followers)
        {
            Find(moved.Id, new HostMessages.Follow(moved.Id), session);
        }

        if (followers.Count > 0 || _follows.OfAll.Count > 0)
        {
            Find(moved.Id, new VmQuery(moved.Id, 0, Incarnation: null, Everything), Self);
        }
    }

    // It does not know who followed it; and those who heard that its VMs were lost hear how they are.
    private void Return(Member member)
    {
        _hints.Forget(member.Name);
        var host = _parts.HostOf(member);
        foreach (var session in _follows.OfAll)
        {
            host.Tell(new HostMessages.Follow(Id: null), session);
        }

        // Where nobody remembers the place, it is looked for again.
        foreach (var (session, id) in _follows.Named.Where(follow => !_hints.TryFind(follow.Id, out _)).ToList())
        {
            Find(id, new HostMessages.Follow(id), session);
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
            _follows.Tell(new HostMessages.VmChanged(VmPhase.Unreachable, view));
        }
    }

    // A list without them would look as if they had never been.
    private string? Missing() =>
        _parts.Members.ByName.GetValueOrDefault(_parts.Members.Self) is not { IsThere: true } ? Members.NotJoined
        : !_knowsNodes ? "which nodes there are is not looked up yet"
        : _lost.Unread.Count > 0 ? $"the VMs of {string.Join(", ", _lost.Unread)}, which does not answer, are not read yet"
        : null;

    private void Gather(HostMessages.ListVms list, IActorRef asker, IReadOnlyList<ICanTell>? hosts = null)
    {
        if (hosts is null && Missing() is { } why)
        {
            asker.Tell(new VmReply.Denied(null, ErrorCode.Unavailable, $"not all VMs can be listed now: {why}; try again") { Correlation = list.Correlation });
            return;
        }

        IReadOnlyList<VmView> lost = hosts is null ? [.. _lost.Views.Where(list.Wants)] : [];
        Context.ActorOf(Props.Create(() => new ListGather(list, hosts ?? Hosts(), lost, asker, _parts.AnswerWithin)));
    }

    private void GatherNodes(HostMessages.QueryNodes query, IActorRef asker)
    {
        var members = _parts.Members.ByName.Values.ToList();
        var hosts = members.Where(member => member.IsThere).ToDictionary(member => member.Name, _parts.HostOf);
        var lost = _lost.Nodes;
        Context.ActorOf(Props.Create(() => new NodesGather(query.Correlation, members, hosts, lost, asker)));
    }

    private void Cordon(HostMessages.SetCordon set)
    {
        var name = set.Node ?? _parts.Members.Self;
        var member = _parts.Members.ByName.GetValueOrDefault(name);
        if (name == _parts.Members.Self)
        {
            _parts.Host.Forward(set);
        }
        else if (member is { IsThere: true })
        {
            _parts.HostOf(member).Tell(set, Sender);
        }
        else if (member is not null || _lost.Nodes.ContainsKey(name))
        {
            Sender.Tell(new VmReply.Denied(null, ErrorCode.Unavailable, $"the node '{name}' does not answer; nothing was done, try again") { Correlation = set.Correlation });
        }
        else
        {
            Sender.Tell(HostAnswers.NoSuchNode(set.Correlation, name, _parts.Members.ByName.Keys));
        }
    }

    private List<ICanTell> Hosts() =>
        [_parts.Host, .. _parts.Members.ByName.Values.Where(member => member.IsThere && member.Name != _parts.Members.Self).Select(_parts.HostOf)];

    /// <summary>Placement → directory: a VM was just made there.</summary>
    internal sealed record Placed(InstanceId Id, string Node) : INoSerializationVerificationNeeded;

    private sealed record Found(InstanceId Id, string? Node, string? Trouble) : INoSerializationVerificationNeeded;

    private sealed record NodesKnown(IReadOnlyList<string>? Names) : INoSerializationVerificationNeeded;

    private sealed record AskNodes : INoSerializationVerificationNeeded;

    private sealed record ReadAgain(string Node) : INoSerializationVerificationNeeded;

    private sealed record LostKnown(string Node, IReadOnlyList<VmView> Views, string? Trouble) : INoSerializationVerificationNeeded;
}
