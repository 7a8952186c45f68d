using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Asks all nodes for their VMs, page by page, and answers once: with all of them, or why some are missing.</summary>
internal sealed class ListGather : UntypedActor, IWithTimers
{
    /// <summary>How many VMs one message between nodes bears.</summary>
    public const int PageMax = 100;

    private readonly HostMessages.ListVms _list;
    private readonly IReadOnlyList<ICanTell> _hosts;
    private readonly IActorRef _asker;
    private readonly TimeSpan _within;
    private readonly Func<VmView, Task<VmView?>> _look;
    private readonly Task<IReadOnlyList<VmView>>? _stored;
    private readonly List<VmView> _views = [];
    private IReadOnlyList<VmView> _also = [];
    private int _open;

    /// <summary>Makes it.</summary>
    /// <param name="list">What is asked for.</param>
    /// <param name="hosts">The hosts that are asked.</param>
    /// <param name="stored">VMs whose hosts cannot be asked; null: all can be. Comes before a host is asked, so that a VM that goes from such a node to another meanwhile is found at one of them.</param>
    /// <param name="asker">Gets the answer.</param>
    /// <param name="within">How long it may take.</param>
    /// <param name="look">How a VM is by the store that its node has released; null: it is not there any more.</param>
    public ListGather(HostMessages.ListVms list, IReadOnlyList<ICanTell> hosts, Task<IReadOnlyList<VmView>>? stored, IActorRef asker, TimeSpan within, Func<VmView, Task<VmView?>> look)
    {
        (_list, _hosts, _stored, _asker, _within, _look) = (list, hosts, stored, asker, within, look);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _open = _hosts.Count;
        Timers.StartSingleTimer(TimeIsUp.Instance, TimeIsUp.Instance, _within);
        if (_stored is null)
        {
            AskAll();
        }
        else
        {
            _stored.PipeTo(Self, success: views => new Stored(views, null), failure: e => new Stored([], e.GetBaseException().Message));
        }
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HostMessages.VmsListed page:
                _views.AddRange(page.Views);
                if (page.Next is { } next)
                {
                    Ask((int)page.Correlation, next);
                }
                else if (--_open == 0)
                {
                    Settle();
                }

                break;
            case Settled { Trouble: null } settled:
                Answer(settled.Views);
                break;
            case Settled { Trouble: { } trouble }:
                Refuse(ErrorCode.Unavailable, $"not all VMs can be listed now: where those are that moved cannot be looked up: {trouble}; try again");
                break;
            case Stored { Trouble: null } stored:
                _also = stored.Views;
                AskAll();
                break;
            case Stored { Trouble: { } trouble }:
                Refuse(ErrorCode.Unavailable, $"not all VMs can be listed now: those of nodes that do not answer cannot be looked up: {trouble}; try again");
                break;
            case TimeIsUp:
                Refuse(ErrorCode.TimedOut, $"{_open} of the {_hosts.Count} nodes of the cluster did not list their VMs in time; try again");
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void AskAll()
    {
        for (var host = 0; host < _hosts.Count; host++)
        {
            Ask(host, after: null);
        }
    }

    // A list without them would look as if they had never been.
    private void Refuse(ErrorCode code, string why)
    {
        _asker.Tell(new VmReply.Denied(null, code, why) { Correlation = _list.Correlation });
        Context.Stop(Self);
    }

    private void Ask(int host, string? after) => _hosts[host].Tell(_list with { Correlation = host, After = after, Max = PageMax }, Self);

    private void Settle()
    {
        // One that changes hands is shown by both nodes for a moment: the newer one is right. What a node that answers has is not lost, whatever was last heard.
        var views = _views.Concat(_also).OrderByDescending(view => view.Revision).DistinctBy(view => view.Id).ToList();
        if (views.Exists(view => view.IsReleased))
        {
            // The other node was asked before it had them, or has none of them yet.
            SettleAsync(views).PipeTo(Self, success: settled => new Settled(settled, null), failure: e => new Settled([], e.GetBaseException().Message));
        }
        else
        {
            Answer(views);
        }
    }

    private async Task<IReadOnlyList<VmView>> SettleAsync(List<VmView> views)
    {
        var now = await Task.WhenAll(views.Where(view => view.IsReleased).Select(_look)).ConfigureAwait(false);
        return [.. views.Where(view => !view.IsReleased), .. now.OfType<VmView>().Where(_list.Wants)];
    }

    private void Answer(IReadOnlyList<VmView> views)
    {
        _asker.Tell(new HostMessages.VmsListed(_list.Correlation, [.. views.OrderBy(view => view.Name, StringComparer.Ordinal)]));
        Context.Stop(Self);
    }

    private sealed record Stored(IReadOnlyList<VmView> Views, string? Trouble) : INoSerializationVerificationNeeded;

    private sealed record Settled(IReadOnlyList<VmView> Views, string? Trouble) : INoSerializationVerificationNeeded;

    private sealed record TimeIsUp : INoSerializationVerificationNeeded
    {
        public static TimeIsUp Instance { get; } = new();
    }
}
