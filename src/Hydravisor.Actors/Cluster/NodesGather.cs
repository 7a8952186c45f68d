using Akka.Actor;
using Hydravisor.Actors.Hosts;

namespace Hydravisor.Actors.Cluster;

/// <summary>Asks all nodes how they are, and answers once: of those that do not say in time only whether they belong.</summary>
internal sealed class NodesGather : UntypedActor, IWithTimers
{
    private const string Unreachable = "unreachable";
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(1);

    private readonly long _correlation;
    private readonly IReadOnlyList<Member> _members;
    private readonly IReadOnlyDictionary<string, ICanTell> _hosts;
    private readonly IReadOnlyDictionary<string, DateTimeOffset> _lost;
    private readonly IActorRef _asker;
    private readonly Dictionary<string, NodeView> _views = new(StringComparer.Ordinal);

    /// <summary>Makes it.</summary>
    /// <param name="correlation">The number under which the answer is awaited.</param>
    /// <param name="members">The nodes that belong.</param>
    /// <param name="hosts">The hosts of those that can be asked, by name.</param>
    /// <param name="lost">Nodes whose VMs nobody can reach, since when.</param>
    /// <param name="asker">Gets the answer.</param>
    public NodesGather(
        long correlation, IReadOnlyList<Member> members, IReadOnlyDictionary<string, ICanTell> hosts, IReadOnlyDictionary<string, DateTimeOffset> lost, IActorRef asker) =>
        (_correlation, _members, _hosts, _lost, _asker) = (correlation, members, hosts, lost, asker);

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>The nodes, by name. Pure.</summary>
    public static IReadOnlyList<NodeStanding> Standings(
        IReadOnlyList<Member> members, IReadOnlyDictionary<string, DateTimeOffset> lost, IReadOnlyDictionary<string, NodeView> views) =>
    [
        .. members.Select(member => new NodeStanding(member.Name, WordFor(member), member.Since, views.GetValueOrDefault(member.Name)))
            .Concat(lost.Where(node => members.All(member => member.Name != node.Key)).Select(node => new NodeStanding(node.Key, WordFor(MemberStanding.Down), node.Value, View: null)))
            .OrderBy(node => node.Name, StringComparer.Ordinal),
    ];

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartSingleTimer(TimeIsUp.Instance, TimeIsUp.Instance, Within);
        foreach (var host in _hosts.Values)
        {
            host.Tell(new HostMessages.QueryNode(_correlation), Self);
        }

        AnswerIfAllSaid();
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case NodeView view:
                _views[view.Node] = view;
                AnswerIfAllSaid();
                break;
            case TimeIsUp:
                Answer();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void AnswerIfAllSaid()
    {
        if (_views.Count == _hosts.Count)
        {
            Answer();
        }
    }

    private void Answer()
    {
        _asker.Tell(new HostMessages.NodesListed(_correlation, Standings(_members, _lost, _views)));
        Context.Stop(Self);
    }

    private static string WordFor(Member member) => member is { Standing: MemberStanding.Up or MemberStanding.Leaving, IsReachable: false } ? Unreachable : WordFor(member.Standing);

    private static string WordFor(MemberStanding standing) => standing switch
    {
        MemberStanding.Joining => "joining",
        MemberStanding.Up => NodeStanding.Up,
        MemberStanding.Leaving => "leaving",
        _ => "down",
    };

    private sealed record TimeIsUp : INoSerializationVerificationNeeded
    {
        public static TimeIsUp Instance { get; } = new();
    }
}
