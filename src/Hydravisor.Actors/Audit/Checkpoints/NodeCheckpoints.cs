using Akka.Actor;
using Akka.Pattern;
using Hydravisor.Actors.Journal;

namespace Hydravisor.Actors.Audit.Checkpoints;

/// <summary>What makes checkpoints.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Journal">Where the journal is.</param>
/// <param name="Key">The node's key.</param>
/// <param name="Settings">When.</param>
/// <param name="LookEvery">How often the journal is looked at.</param>
/// <param name="RestartMin">Least wait before it is started again where it stopped.</param>
/// <param name="RestartMax">Most wait.</param>
/// <param name="Time">The clock.</param>
internal sealed record CheckpointParts(
    string Node, JournalAddress Journal, NodeKey Key, CheckpointSettings Settings, TimeSpan LookEvery, TimeSpan RestartMin, TimeSpan RestartMax, TimeProvider Time);

/// <summary>The checkpoints of a running node. Safe for all threads.</summary>
/// <param name="supervisor">The supervisor of the <see cref="CheckpointActor"/>.</param>
internal sealed class NodeCheckpoints(IActorRef supervisor)
{
    private static readonly TimeSpan LastMax = TimeSpan.FromSeconds(5);

    /// <summary>Starts to make them.</summary>
    public static NodeCheckpoints Start(ActorSystem system, CheckpointParts parts)
    {
        var options = Backoff.OnStop(Props.Create(() => new CheckpointActor(parts)), "it", parts.RestartMin, parts.RestartMax, 0.2, -1).WithAutoReset(parts.RestartMax);
        return new NodeCheckpoints(system.ActorOf(BackoffSupervisor.Props(options), "checkpoints"));
    }

    /// <summary>Signs what is there now; where that cannot be done in some seconds it is left to the next start.</summary>
    public async Task MakeAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        supervisor.Tell(new CheckpointActor.Make(done));
        await Task.WhenAny(done.Task, Task.Delay(LastMax)).ConfigureAwait(false);
    }
}
