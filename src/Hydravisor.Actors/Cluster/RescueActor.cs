using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Has the VMs of lost nodes started anew elsewhere, where they ask for that. Every node has one, and the first of those that are there acts.</summary>
/// <remarks>
/// What is to be done stands in the store, which is asked again and again: nothing has to be handed on when the one that acts is lost too, and two that act
/// for a moment bring no VM to two nodes, since the store gives it to one. See docs/decisions/0022-a-lost-vm-is-adopted-in-one-write.md.
/// </remarks>
internal sealed class RescueActor : UntypedActor, IWithTimers
{
    private const int OpenMax = 32;
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnsweredWithin = TimeSpan.FromMinutes(2);

    private readonly RescueParts _parts;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<InstanceId, Rescue> _known = [];
    private long _correlation;
    private bool _isLooking;
    private string? _trouble;

    /// <summary>Makes it.</summary>
    public RescueActor(RescueParts parts) => _parts = parts;

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Whether a VM is started anew: one that stood still, by whoever's wish, is not, and what was to end is not begun again.</summary>
    /// <param name="state">How it stood last.</param>
    public static bool Wants(VmState state) => state is
    {
        Spec.OnNodeLoss: OnNodeLoss.Restart,
        Operation: not { Kind: OperationKind.Suspend },
    } && (state.Move is { Starts: true } || (state.Arrival?.Starts ?? state.Phase is VmPhase.Provisioning or VmPhase.Booting or VmPhase.Running));

    /// <inheritdoc/>
    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, _parts.LookEvery);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick:
                Look();
                break;
            case Looked looked:
                OnLooked(looked);
                break;
            case Found found when _known.TryGetValue(found.Vm.Id, out var rescue):
                OnFound(found, rescue);
                break;
            case VmReply reply when _known.Values.FirstOrDefault(rescue => rescue.Correlation == reply.Correlation) is { } rescue:
                OnReply(rescue, reply);
                break;
            case MembersActor.Changed:
                // A node that comes back and is lost again has its VMs looked at anew.
                Forget(rescue => !rescue.IsOpen);
                break;
            case Found or VmReply:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private bool Acts => _parts.Members.Refusal is null
        && _parts.Members.ByName.Values.Where(member => member.IsThere).MinBy(member => (member.Address.Host, member.Address.Port))?.Name == _parts.Members.Self;

    private void Look()
    {
        if (!Acts)
        {
            _known.Clear();
            return;
        }

        var now = _parts.Time.GetUtcNow();
        Forget(rescue => rescue.Again <= now);
        var room = OpenMax - _known.Values.Count(rescue => rescue.IsOpen);
        if (!_isLooking && room > 0)
        {
            _isLooking = true;
            _parts.Stranded.ListAsync([.. _known.Keys], room).PipeTo(
                Self, success: vms => new Looked(vms, null), failure: e => new Looked([], e.GetBaseException().Message));
        }
    }

    private void Forget(Func<Rescue, bool> which)
    {
        foreach (var rescue in _known.Values.Where(which).ToList())
        {
            _known.Remove(rescue.Id);
        }
    }

    private void OnLooked(Looked looked)
    {
        _isLooking = false;
        if (looked.Trouble is { } trouble && _trouble is null)
        {
            _log.Warning("which VMs of lost nodes are to be started anew cannot be looked up, and is tried again: {Reason}", trouble);
        }

        _trouble = looked.Trouble;
        foreach (var vm in looked.Vms.Where(vm => !_known.ContainsKey(vm.Id)))
        {
            _known[vm.Id] = new Rescue(vm.Id, vm.Node, ++_correlation, IsOpen: true, Again: _parts.Time.GetUtcNow() + AnsweredWithin);
            _parts.Adoptions.FindAsync(vm.Id).PipeTo(
                Self, success: left => new Found(vm, left, null), failure: e => new Found(vm, null, e.GetBaseException().Message));
        }
    }

    private void OnFound(Found found, Rescue rescue)
    {
        var (id, node) = (rescue.Id, rescue.Node);
        if (found.Trouble is not null || found.Left?.State.Node != node)
        {
            Close(rescue, AgainAfter);
        }
        else if (!Wants(found.Left.State))
        {
            _log.Info("{InstanceId} of the lost node {Node} stays as it is: it was {Phase}", id, node, found.Left.State.Phase.ToWireName());
            Close(rescue, again: null);
        }
        else
        {
            _log.Info("{InstanceId} of the lost node {Node} is to be started anew elsewhere", id, node);
            _parts.Placement.Tell(new PlacementActor.Adopt(rescue.Correlation, id, node, found.Left.State.Spec!.ToRequest()), Self);
        }
    }

    private void OnReply(Rescue rescue, VmReply reply)
    {
        switch (reply)
        {
            case VmReply.Granted granted:
                _log.Info("{InstanceId} of the lost node {Node} is started anew on {There}", rescue.Id, rescue.Node, granted.View.Node);
                break;
            case VmReply.Denied denied:
                _log.Warning("{InstanceId} of the lost node {Node} cannot be started anew now, and is tried again: {Reason}", rescue.Id, rescue.Node, denied.Message);
                break;
        }

        Close(rescue, AgainAfter);
    }

    private void Close(Rescue rescue, TimeSpan? again) =>
        _known[rescue.Id] = rescue with { IsOpen = false, Again = again is { } after ? _parts.Time.GetUtcNow() + after : null };

    // It is forgotten, and so looked at again, when Again has come; null: when a node comes or goes.
    private sealed record Rescue(InstanceId Id, string Node, long Correlation, bool IsOpen, DateTimeOffset? Again);

    private sealed record Looked(IReadOnlyList<StrandedVm> Vms, string? Trouble) : INoSerializationVerificationNeeded;

    private sealed record Found(StrandedVm Vm, VmLeft? Left, string? Trouble) : INoSerializationVerificationNeeded;

    private sealed record Tick : INoSerializationVerificationNeeded
    {
        public static Tick Instance { get; } = new();
    }
}

/// <summary>What a rescuer works with.</summary>
/// <param name="Members">The nodes.</param>
/// <param name="Stranded">What is to be done.</param>
/// <param name="Adoptions">How VMs stand.</param>
/// <param name="Placement">Finds nodes for them.</param>
/// <param name="LookEvery">How often the store is asked.</param>
/// <param name="Time">The clock.</param>
internal sealed record RescueParts(Members Members, IStranded Stranded, IAdoptions Adoptions, IActorRef Placement, TimeSpan LookEvery, TimeProvider Time);
