using Akka.IO;
using Akka.Streams;
using Akka.Streams.Stage;
using static Hydravisor.Actors.Sessions.SessionProtocol;

namespace Hydravisor.Actors.Gateway;

/// <summary>Cuts bytes into lines, many per chunk. A line over the limit is skipped up to its end and reported; the stream goes on.</summary>
/// <remarks>
/// One element per chunk and not per line is what makes the gateway quick. Holds at most one line of the limit; a line that comes in
/// many small pieces costs linear time. The last line needs no end when the peer closes.
/// A line that has no end in time is reported (<see cref="LineBatch.IsLate"/>), and what still comes is read and dropped: who drips bytes
/// would hold its connection for as long as it likes.
/// </remarks>
internal sealed class LineFramer : GraphStage<FlowShape<ByteString, LineBatch>>
{
    private readonly int _lineBytesMax;
    private readonly TimeSpan _lineTimeMax;

    /// <summary>Makes the stage.</summary>
    /// <param name="lineBytesMax">Longest line in bytes, without its end.</param>
    /// <param name="lineTimeMax">Longest time from a line's first byte to its end, without that in which nobody wanted to read it.</param>
    public LineFramer(int lineBytesMax, TimeSpan lineTimeMax)
    {
        (_lineBytesMax, _lineTimeMax) = (lineBytesMax, lineTimeMax);
        Shape = new FlowShape<ByteString, LineBatch>(In, Out);
    }

    private Inlet<ByteString> In { get; } = new("LineFramer.in");

    private Outlet<LineBatch> Out { get; } = new("LineFramer.out");

    /// <inheritdoc/>
    public override FlowShape<ByteString, LineBatch> Shape { get; }

    /// <inheritdoc/>
    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) => new Logic(this);

    private sealed class Logic : TimerGraphStageLogic
    {
        // Looked at so many times within the limit: no timer has to be set for each line.
        private const int LooksPerLimit = 4;
        private static readonly object Look = new();
        private readonly LineFramer _stage;
        private readonly LineCutter _cutter;
        private long _looks;
        private long _begunAt;
        private bool _isLate;

        public Logic(LineFramer stage)
            : base(stage.Shape)
        {
            _stage = stage;
            _cutter = new LineCutter(stage._lineBytesMax);
            SetHandler(stage.In, OnPush, OnUpstreamFinish);
            SetHandler(stage.Out, OnPull);
        }

        public override void PreStart() => ScheduleRepeatedly(Look, _stage._lineTimeMax / LooksPerLimit);

        protected override void OnTimer(object timerKey)
        {
            _looks++;
            if (!_isLate && _cutter.IsWithinLine && IsAvailable(_stage.Out) && _looks - _begunAt > LooksPerLimit)
            {
                _isLate = true;
                Push(_stage.Out, new LineBatch([], IsLate: true));
            }
        }

        private void OnPush()
        {
            var isNew = !_cutter.IsWithinLine;
            var bytes = Grab(_stage.In);
            var lines = _isLate ? [] : _cutter.Cut(ChunkBytes.Of(bytes));
            if (isNew || lines.Count > 0)
            {
                _begunAt = _looks;
            }

            if (lines.Count > 0)
            {
                Push(_stage.Out, new LineBatch(lines));
            }
            else
            {
                Pull(_stage.In);
            }
        }

        private void OnPull()
        {
            // While the session took nothing the peer could not go on.
            _begunAt = _looks;
            if (!HasBeenPulled(_stage.In))
            {
                Pull(_stage.In);
            }
        }

        private void OnUpstreamFinish()
        {
            var last = _isLate ? [] : _cutter.Finish();
            if (last.Count > 0)
            {
                Emit(_stage.Out, new LineBatch(last));
            }

            CompleteStage();
        }
    }
}
