using System.Diagnostics;
using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Bench.Scale;

/// <summary>Plays a session: keeps a window of questions open, and counts what it hears of VMs.</summary>
internal sealed class ScaleSession : UntypedActor
{
    private Asking? _asking;
    private Hearing? _hearing;
    private long _begun;
    private int _sent;
    private int _open;
    private int _heard;

    /// <summary>Asks so often.</summary>
    /// <param name="session">The actor.</param>
    /// <param name="times">How often.</param>
    /// <param name="window">How many questions may be open.</param>
    /// <param name="ask">Puts the question of that number for that sender.</param>
    /// <returns>How long it took until the last answer.</returns>
    public static Task<TimeSpan> AskAsync(IActorRef session, int times, int window, Action<int, IActorRef> ask)
    {
        var asking = new Asking(times, window, ask, new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously));
        session.Tell(asking);
        return asking.Done.Task;
    }

    /// <summary>Waits for changes of VMs.</summary>
    /// <param name="session">The actor.</param>
    /// <param name="times">How many.</param>
    /// <param name="wanted">Which of them count.</param>
    /// <returns>When the last one came, as a timestamp.</returns>
    public static Task<long> HearAsync(IActorRef session, int times, Func<HostMessages.VmChanged, bool> wanted)
    {
        var hearing = new Hearing(times, wanted, new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously));
        session.Tell(hearing);
        return hearing.Done.Task;
    }

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Asking asking:
                (_asking, _sent, _open, _begun) = (asking, 0, 0, Stopwatch.GetTimestamp());
                Ask();
                break;
            case Hearing hearing:
                (_hearing, _heard) = (hearing, 0);
                break;
            case HostMessages.VmChanged change:
                Hear(change);
                break;
            case VmReply.Denied denied:
                _asking?.Done.TrySetException(new InvalidOperationException(denied.Message));
                break;
            case VmReply or HostMessages.VmsListed:
                _open--;
                Ask();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Ask()
    {
        if (_asking is not { } asking)
        {
            return;
        }

        while (_sent < asking.Times && _open < asking.Window)
        {
            _open++;
            asking.Ask(_sent++, Self);
        }

        if (_open == 0)
        {
            asking.Done.TrySetResult(Stopwatch.GetElapsedTime(_begun));
        }
    }

    private void Hear(HostMessages.VmChanged change)
    {
        if (_hearing is { } hearing && hearing.Wanted(change) && ++_heard == hearing.Times)
        {
            hearing.Done.TrySetResult(Stopwatch.GetTimestamp());
        }
    }

    private sealed record Asking(int Times, int Window, Action<int, IActorRef> Ask, TaskCompletionSource<TimeSpan> Done) : INoSerializationVerificationNeeded;

    private sealed record Hearing(int Times, Func<HostMessages.VmChanged, bool> Wanted, TaskCompletionSource<long> Done) : INoSerializationVerificationNeeded;
}
