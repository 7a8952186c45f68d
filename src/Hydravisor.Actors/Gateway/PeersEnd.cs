using Akka.IO;
using Akka.Streams;
using Akka.Streams.Stage;

namespace Hydravisor.Actors.Gateway;

/// <summary>Holds a connection until its peer has closed its side too, and no longer than for a farewell.</summary>
/// <remarks>
/// A socket of which only our side is closed waits for the peer's end, for ever if that does not come, and no session counts it any more. So what still comes is read and dropped,
/// and when all has been written for as long as the farewell takes, the connection is reset.
/// </remarks>
/// <param name="written">Completes when nothing more is to be written.</param>
/// <param name="farewell">How long the peer may take then.</param>
internal sealed class PeersEnd(Task written, TimeSpan farewell) : GraphStage<FlowShape<ByteString, ByteString>>
{
    private static readonly Inlet<ByteString> In = new("PeersEnd.in");
    private static readonly Outlet<ByteString> Out = new("PeersEnd.out");

    /// <inheritdoc/>
    public override FlowShape<ByteString, ByteString> Shape { get; } = new(In, Out);

    /// <inheritdoc/>
    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) => new Logic(this, written, farewell);

    private sealed class Logic : TimerGraphStageLogic
    {
        private static readonly object Over = new();
        private readonly Task _written;
        private readonly TimeSpan _farewell;
        private bool _isDropping;

        public Logic(PeersEnd stage, Task written, TimeSpan farewell)
            : base(stage.Shape)
        {
            (_written, _farewell) = (written, farewell);
            SetHandler(In, OnPush);
            SetHandler(Out, () => Pull(In), OnDownstreamFinish);
        }

        public override void PreStart()
        {
            var over = GetAsyncCallback(() => ScheduleOnce(Over, _farewell));
            _written.ContinueWith(_ => over(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        // A failure resets the connection, where an end would only close our side.
        protected override void OnTimer(object timerKey) => FailStage(new TimeoutException("its peer did not close it"));

        private void OnPush()
        {
            var bytes = Grab(In);
            if (_isDropping)
            {
                Pull(In);
            }
            else
            {
                Push(Out, bytes);
            }
        }

        private void OnDownstreamFinish(Exception cause)
        {
            _isDropping = true;
            if (!HasBeenPulled(In))
            {
                Pull(In);
            }
        }
    }
}
