using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Brings the creations of this node's sessions to a node: to that which has the VM already, else to one that can take it, and where that refuses to the next.</summary>
/// <remarks>
/// <code><![CDATA[
/// locate (by the id that follows from the request id) ─> found: that node answers
///   └─> look at the nodes ─> choose ─> send ─> granted
///             ^                 │        └─> refused, lost: choose again; elsewhere: that node
///             └── none fits, and the look was before this creation
/// ]]></code>
/// A creation with a request id is safe to send again: the store has the VM once, whoever asks. One without is sent on only where it is certain that nothing was made.
/// </remarks>
internal sealed class PlacementActor : UntypedActor, IWithTimers
{
    /// <summary>The most creations at once.</summary>
    private const int OpenMax = 10_000;

    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookFor = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly PlacementParts _parts;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly NodePictures _nodes = new();
    private readonly Dictionary<long, Placing> _open = [];
    private readonly HashSet<long> _waiting = [];
    private long _ticket;

    /// <summary>Makes it.</summary>
    public PlacementActor(PlacementParts parts) => _parts = parts;

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart() => Timers.StartPeriodicTimer(TimeIsUp.Instance, TimeIsUp.Instance, Tick);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HostMessages.CreateVm create:
                Begin(Placing.Of(create, Sender, Now));
                break;
            case Adopt adopt:
                Begin(Placing.Of(adopt, Sender, Now));
                break;
            case Expect expect:
                Begin(Placing.Of(expect, Sender, Now));
                break;
            case Located located when _open.TryGetValue(located.Ticket, out var placing):
                OnLocated(located.Ticket, placing, located);
                break;
            case NodeView view:
                if (_nodes.Hear(view))
                {
                    Looked();
                }

                break;
            case LookedLongEnough looked when looked.Question == _nodes.Question && _nodes.IsAsking:
                _nodes.GiveUp();
                Looked();
                break;
            case VmReply reply when _open.TryGetValue(reply.Correlation, out var placing):
                OnReply(reply.Correlation, placing, reply);
                break;
            case MembersActor.Changed { Now: not { IsThere: true } } changed:
                OnLost(changed.Name);
                break;
            case TimeIsUp:
                OnTime();
                break;
            case VmReply or Located or LookedLongEnough or MembersActor.Changed:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Begin(Placing placing)
    {
        if (_open.Count >= OpenMax)
        {
            placing.Asker.Tell(new VmReply.Denied(null, ErrorCode.Unavailable, $"{OpenMax} VMs are being created through this node already; nothing was created, try again") { Correlation = placing.Correlation });
            return;
        }

        var ticket = ++_ticket;
        _open[ticket] = placing;
        Locate(ticket, placing);
    }

    private void Locate(long ticket, Placing placing)
    {
        placing.At = null;
        if (placing.Id is { } id)
        {
            _parts.Places.FindAsync(id).PipeTo(
                Self, success: node => new Located(ticket, node, null), failure: e => new Located(ticket, null, e.GetBaseException().Message));
        }
        else
        {
            Place(ticket, placing);
        }
    }

    private void OnLocated(long ticket, Placing placing, Located located)
    {
        if (located.Trouble is { } trouble)
        {
            Deny(ticket, placing, ErrorCode.Unavailable, $"whether it was created before cannot be looked up: {trouble}; nothing was created, try again");
        }
        else if (located.Node is { } node)
        {
            Settle(ticket, placing, node);
        }
        else
        {
            Place(ticket, placing);
        }
    }

    // The VM is a node's already, which alone can answer.
    private void Settle(long ticket, Placing placing, string node)
    {
        placing.IsSettled = true;
        if (!Send(ticket, placing, node))
        {
            Deny(ticket, placing, ErrorCode.Unavailable, NotThere(node));
        }
    }

    private void Place(long ticket, Placing placing, bool isFresh = false)
    {
        if (_nodes.IsAsking)
        {
            _waiting.Add(ticket);
            return;
        }

        if (!isFresh && (_nodes.AskedAt is not { } asked || Since(asked) > FreshFor))
        {
            Look(ticket);
            return;
        }

        var request = placing.Request;
        var nodes = placing.From is { } from ? [.. _nodes.Views.Where(node => node.Node != from)] : _nodes.Views;
        var decision = Placement.Choose(request, nodes, _parts.Strategy, placing.Refusals);
        if (decision.Node is { } node)
        {
            _nodes.Place(node.Node, decision.Request);
            if (!Send(ticket, placing, node.Node))
            {
                _nodes.Lose(node.Node);
                Place(ticket, placing, isFresh: true);
            }
        }
        else if (_nodes.AskedAt < placing.Began)
        {
            // Something may have been given back since.
            Look(ticket);
        }
        else
        {
            var (code, message) = placing.From is not null && nodes.Count == 0
                ? (ErrorCode.Unavailable, "there is no other node that answers")
                : Placement.Sentence(request, placing.IsNew, _parts.Members.ByName.ContainsKey, nodes, decision.Refusals);
            Deny(ticket, placing, code, message);
        }
    }

    private void Look(long ticket)
    {
        _waiting.Add(ticket);
        var members = _parts.Members.ByName.Values.Where(member => member.IsThere).ToList();
        var question = _nodes.Ask([.. members.Select(member => member.Name)], Now);
        foreach (var member in members)
        {
            _parts.HostOf(member).Tell(new HostMessages.QueryNode(question), Self);
        }

        Timers.StartSingleTimer(nameof(Look), new LookedLongEnough(question), LookFor);
        if (members.Count == 0)
        {
            Looked();
        }
    }

    private void Looked()
    {
        Timers.Cancel(nameof(Look));
        var waiting = _waiting.ToList();
        _waiting.Clear();
        foreach (var ticket in waiting)
        {
            if (_open.TryGetValue(ticket, out var placing))
            {
                Place(ticket, placing, isFresh: true);
            }
        }
    }

    private bool Send(long ticket, Placing placing, string node)
    {
        if (_parts.Members.ByName.GetValueOrDefault(node) is not { IsThere: true } member)
        {
            return false;
        }

        (placing.At, placing.SentAt) = (node, Now);
        _parts.HostOf(member).Tell(placing.ToHost(ticket), Self);
        return true;
    }

    private void OnReply(long ticket, Placing placing, VmReply reply)
    {
        switch (reply)
        {
            case VmReply.Elsewhere elsewhere:
                Settle(ticket, placing, elsewhere.Node);
                break;
            case VmReply.Denied denied when !placing.IsSettled && placing.At is { } node && MayBeOtherwise(placing, denied):
                _log.Info("node {Node} does not take a VM that was placed there: {Reason}", node, denied.Message);
                Refused(ticket, placing, new NodeRefusal(node, denied.Code, denied.Message));
                break;
            case VmReply.Granted granted:
                _parts.Directory.Tell(new DirectoryActor.Placed(granted.View.Id, granted.View.Node));
                if (placing.IsNew)
                {
                    _parts.Directory.Tell(new HostMessages.Follow(granted.View.Id), placing.Asker);
                }

                Answer(ticket, placing, granted);
                break;
            default:
                Answer(ticket, placing, reply);
                break;
        }
    }

    private static bool MayBeOtherwise(Placing placing, VmReply.Denied denied) => denied.Code switch
    {
        ErrorCode.NoRoom or ErrorCode.Impossible => true,
        // It may have been made all the same.
        ErrorCode.Unavailable => placing.IsRepeatable,
        _ => false,
    };

    private void Refused(long ticket, Placing placing, NodeRefusal refusal)
    {
        placing.Refusals[refusal.Node] = refusal;
        Place(ticket, placing);
    }

    private void OnLost(string node)
    {
        if (_nodes.Lose(node))
        {
            Looked();
        }

        foreach (var (ticket, placing) in _open.Where(open => open.Value.At == node).ToList())
        {
            NotAnswered(ticket, placing, node);
        }
    }

    private void OnTime()
    {
        foreach (var (ticket, placing) in _open.Where(open => open.Value.At is not null && Since(open.Value.SentAt) > _parts.AnswerWithin).ToList())
        {
            NotAnswered(ticket, placing, placing.At!);
        }

        // Their sessions have given them up.
        foreach (var (ticket, _) in _open.Where(open => Since(open.Value.Began) > _parts.AnswerWithin * 4).ToList())
        {
            _open.Remove(ticket);
        }
    }

    // It may have the VM by now.
    private void NotAnswered(long ticket, Placing placing, string node)
    {
        if (!placing.IsRepeatable)
        {
            Deny(ticket, placing, ErrorCode.TimedOut, $"the node '{node}' did not answer; the VM may have been created there: look at vm/list, and give a request_id to a vm/create that shall be safe to repeat");
        }
        else if (placing.IsSettled)
        {
            Deny(ticket, placing, ErrorCode.Unavailable, NotThere(node));
        }
        else
        {
            placing.Refusals[node] = new NodeRefusal(node, ErrorCode.Unavailable, "it does not answer");
            Locate(ticket, placing);
        }
    }

    private static string NotThere(string node) => $"a vm/create with this request_id came before, and {Member.Lost(node)}; nothing was done now, try again";

    private void Deny(long ticket, Placing placing, ErrorCode code, string message) => Answer(ticket, placing, new VmReply.Denied(null, code, message) { Correlation = ticket });

    private void Answer(long ticket, Placing placing, VmReply reply)
    {
        _open.Remove(ticket);
        placing.Asker.Tell(reply with { Correlation = placing.Correlation });
    }

    private long Now => _parts.Time.GetTimestamp();

    private TimeSpan Since(long timestamp) => _parts.Time.GetElapsedTime(timestamp);

    /// <summary>Rescuer → placement: find a node that takes this VM of a lost one. Answered by a <see cref="VmReply"/>.</summary>
    /// <param name="Correlation">The number under which the sender awaits the answer.</param>
    /// <param name="Id">The VM.</param>
    /// <param name="From">The lost node.</param>
    /// <param name="Request">What it asks of a node.</param>
    internal sealed record Adopt(long Correlation, InstanceId Id, string From, VmRequest Request) : INoSerializationVerificationNeeded;

    /// <summary>Who drains → placement: find a node that keeps room for this VM of a node that lives. Answered by <see cref="VmReply.Expected"/> or <see cref="VmReply.Denied"/>.</summary>
    /// <param name="Correlation">The number under which the sender awaits the answer.</param>
    /// <param name="Id">The VM.</param>
    /// <param name="From">Its node.</param>
    /// <param name="Request">What it asks of a node.</param>
    internal sealed record Expect(long Correlation, InstanceId Id, string From, VmRequest Request) : INoSerializationVerificationNeeded;

    private sealed record Located(long Ticket, string? Node, string? Trouble) : INoSerializationVerificationNeeded;

    private sealed record LookedLongEnough(long Question) : INoSerializationVerificationNeeded;

    private sealed record TimeIsUp : INoSerializationVerificationNeeded
    {
        public static TimeIsUp Instance { get; } = new();
    }
}

/// <summary>What places VMs works with.</summary>
/// <param name="HostOf">The host actor of a node.</param>
/// <param name="Members">The nodes.</param>
/// <param name="Places">What the store knows.</param>
/// <param name="Directory">Told where a VM was placed.</param>
/// <param name="Strategy">Which of the nodes that can take a VM does.</param>
/// <param name="AnswerWithin">How long a node may take for a creation.</param>
/// <param name="Time">The clock.</param>
internal sealed record PlacementParts(
    Func<Member, ICanTell> HostOf, Members Members, IPlaces Places, IActorRef Directory, PlacementStrategy Strategy, TimeSpan AnswerWithin, TimeProvider Time);
