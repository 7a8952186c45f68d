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
    private const string TooMany = "more VMs are looked for than can be at once";
    private const int WaitingMax = 10_000;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private static readonly VmReach Everything = new(new Principal("directory", "", ""), new VmScope("directory", [new VmSelector.All()]));

    private readonly DirectoryParts _parts;
    private readonly PlaceHints _hints = new();
    private readonly Dictionary<InstanceId, List<(object Message, IActorRef Sender)>> _waiting = [];
    private readonly SessionFollows _follows = new();
    private readonly LostNodes _lost = new();
    private readonly LostVms _lostVms;
    private readonly ClusterLists _lists;
    private int _waitingCount;

    /// <summary>Makes it.</summary>
    public DirectoryActor(DirectoryParts parts)
    {
        (_parts, _lists) = (parts, new ClusterLists(parts, _lost));
        _lostVms = new LostVms(parts, _lost, _lists, _hints, _follows, Context, () => Timers, Context.GetLogger());
    }

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
                List(list, Sender);
                break;
            case HostMessages.QueryNodes query:
                Context.ActorOf(_lists.OfNodes(query, Sender));
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
            case LostAnswer answer:
                OnLostAnswer(answer);
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
            case VmReply.Denied denied:
                _lostVms.Listed(denied.Correlation, views: null);
                break;
            case VmReply:
                break;
            default:
                OnOthers(message);
                break;
        }
    }

    // What concerns the nodes themselves, and who follows.
    private void OnOthers(object message)
    {
        switch (message)
        {
            case MembersActor.Changed changed:
                OnMember(changed.Name, changed.Now);
                break;
            case AskNodes:
                Ask();
                break;
            case NodesKnown known:
                OnNodes(known);
                break;
            case LostVms.Word word:
                _lostVms.Hear(word);
                break;
            case HostMessages.VmsListed listed:
                _lostVms.Listed(listed.Correlation, listed.Views);
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
            Refuse(message, sender, TooMany);
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
        else if (message is IVmMessage about)
        {
            LookUp(node, about, sender);
        }
    }

    private void LookUp(string node, IVmMessage about, IActorRef sender)
    {
        if (_waitingCount >= WaitingMax)
        {
            Refuse(about, sender, TooMany);
            return;
        }

        _waitingCount++;
        LostAnswer.FindAsync(_parts.Places, node, _lost.Since(node) ?? _parts.Time.GetUtcNow(), about, sender).PipeTo(Self);
    }

    private void OnLostAnswer(LostAnswer answer)
    {
        _waitingCount--;
        if (answer.Node is { } node)
        {
            _hints.Remember(answer.About.Id, node);
            Hand(node, answer.About, answer.Sender);
        }
        else
        {
            answer.Sender.Tell(answer.Reply);
        }
    }

    // Who follows hears of it when the node is back.
    private static void Refuse(object message, IActorRef sender, string why)
    {
        if (message is IVmMessage about)
        {
            sender.Tell(LostAnswer.NotNow(about, sender, why).Reply);
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

        foreach (var host in _lists.Hosts)
        {
            host.Tell(follow, Sender);
        }
    }

    private void OnMember(string name, Member? now)
    {
        _lists.Know(name);
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
            _lostVms.Lose(name);
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

        _lists.KnowAll(known.Names);
        foreach (var name in known.Names.Where(name => name != _parts.Members.Self && !_parts.Members.IsThere(name)))
        {
            _lostVms.Lose(name);
        }
    }

    private void OnMoved(MovesActor.Moved moved)
    {
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

        _lostVms.Return(member.Name);
    }

    private void List(HostMessages.ListVms list, IActorRef asker)
    {
        if (_lists.Missing is { } why)
        {
            asker.Tell(new VmReply.Denied(null, ErrorCode.Unavailable, $"not all VMs can be listed now: {why}; try again") { Correlation = list.Correlation });
            return;
        }

        Context.ActorOf(_lists.OfVms(list, asker));
    }

    private void Cordon(HostMessages.SetCordon set)
    {
        if (_lists.HostFor(set, out var denied) is { } host)
        {
            host.Tell(set, Sender);
        }
        else
        {
            Sender.Tell(denied);
        }
    }

    /// <summary>Placement → directory: a VM was just made there.</summary>
    internal sealed record Placed(InstanceId Id, string Node) : INoSerializationVerificationNeeded;

    private sealed record Found(InstanceId Id, string? Node, string? Trouble) : INoSerializationVerificationNeeded;

    private sealed record NodesKnown(IReadOnlyList<string>? Names) : INoSerializationVerificationNeeded;

    private sealed record AskNodes : INoSerializationVerificationNeeded;
}
