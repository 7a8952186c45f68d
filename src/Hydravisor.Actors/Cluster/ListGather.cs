using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Asks all nodes for their VMs, page by page, and answers once: with all of them, or that one of the nodes did not answer in time.</summary>
internal sealed class ListGather : UntypedActor, IWithTimers
{
    /// <summary>How many VMs one message between nodes bears.</summary>
    public const int PageMax = 100;

    private readonly HostMessages.ListVms _list;
    private readonly IReadOnlyList<ICanTell> _hosts;
    private readonly IActorRef _asker;
    private readonly TimeSpan _within;
    private readonly IReadOnlyList<VmView> _also;
    private readonly List<VmView> _views = [];
    private int _open;

    /// <summary>Makes it.</summary>
    /// <param name="list">What is asked for.</param>
    /// <param name="hosts">The hosts that are asked.</param>
    /// <param name="also">VMs whose hosts cannot be asked.</param>
    /// <param name="asker">Gets the answer.</param>
    /// <param name="within">How long it may take.</param>
    public ListGather(HostMessages.ListVms list, IReadOnlyList<ICanTell> hosts, IReadOnlyList<VmView> also, IActorRef asker, TimeSpan within)
    {
        (_list, _hosts, _also, _asker, _within) = (list, hosts, also, asker, within);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _open = _hosts.Count;
        Timers.StartSingleTimer(TimeIsUp.Instance, TimeIsUp.Instance, _within);
        for (var host = 0; host < _hosts.Count; host++)
        {
            Ask(host, after: null);
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
                    Answer();
                }

                break;
            case TimeIsUp:
                // A list without them would look as if they had never been.
                _asker.Tell(new VmReply.Denied(null, ErrorCode.TimedOut, $"{_open} of the {_hosts.Count} nodes of the cluster did not list their VMs in time; try again")
                {
                    Correlation = _list.Correlation,
                });
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Ask(int host, string? after) => _hosts[host].Tell(_list with { Correlation = host, After = after, Max = PageMax }, Self);

    private void Answer()
    {
        // What a node that answers has is not lost, whatever was last heard.
        _asker.Tell(new HostMessages.VmsListed(_list.Correlation, [.. _views.Concat(_also).DistinctBy(view => view.Id).OrderBy(view => view.Name, StringComparer.Ordinal)]));
        Context.Stop(Self);
    }

    private sealed record TimeIsUp : INoSerializationVerificationNeeded
    {
        public static TimeIsUp Instance { get; } = new();
    }
}
