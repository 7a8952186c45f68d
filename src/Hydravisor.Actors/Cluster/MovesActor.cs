using Akka.Actor;
using Akka.Event;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>Tells this node's directory which VMs went to another node, as the store numbers it: whoever is away for a while, or hears nothing of the others, misses none.</summary>
internal sealed class MovesActor : UntypedActor, IWithTimers
{
    private readonly IPlaces _places;
    private readonly IActorRef _directory;
    private readonly TimeSpan _lookEvery;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private long _last;
    private bool _isInTrouble;

    /// <summary>Makes it.</summary>
    /// <param name="places">What the store knows.</param>
    /// <param name="directory">Told of each: <see cref="Moved"/>.</param>
    /// <param name="lookEvery">How often the store is asked.</param>
    public MovesActor(IPlaces places, IActorRef directory, TimeSpan lookEvery) => (_places, _directory, _lookEvery) = (places, directory, lookEvery);

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart() => Look();

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Looked { Moves: { } moves }:
                foreach (var (id, to) in moves.Moved)
                {
                    _directory.Tell(new Moved(id, to));
                }

                (_last, _isInTrouble) = (moves.Last, false);
                LookLater();
                break;
            case Looked looked:
                if (!_isInTrouble)
                {
                    _log.Warning("which VMs moved cannot be looked up, and is tried again: {Reason}", looked.Trouble);
                }

                _isInTrouble = true;
                LookLater();
                break;
            case LookDue:
                Look();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Look() => _places.MovesAsync(_last).PipeTo(
        Self, success: moves => new Looked(moves, null), failure: e => new Looked(null, e.GetBaseException().Message));

    private void LookLater() => Timers.StartSingleTimer(nameof(LookDue), new LookDue(), _lookEvery);

    /// <summary>To the directory: the VM is there now.</summary>
    /// <param name="Id">The VM.</param>
    /// <param name="To">The node.</param>
    internal sealed record Moved(InstanceId Id, string To) : INoSerializationVerificationNeeded;

    private sealed record Looked(VmMoves? Moves, string? Trouble) : INoSerializationVerificationNeeded;

    private sealed record LookDue : INoSerializationVerificationNeeded;
}
