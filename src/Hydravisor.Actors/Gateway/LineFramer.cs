using Akka.IO;
using Akka.Streams;
using Akka.Streams.Stage;
using static Hydravisor.Actors.Sessions.SessionProtocol;

namespace Hydravisor.Actors.Gateway;

/// <summary>Cuts bytes into lines, many per chunk. A line over the limit is skipped up to its end and reported; the stream goes on.</summary>
/// <remarks>
/// One element per chunk and not per line is what makes the gateway quick. Holds at most one line of the limit; a line that comes in
/// many small pieces costs linear time. The last line needs no end when the peer closes.
/// </remarks>
internal sealed class LineFramer : GraphStage<FlowShape<ByteString, LineBatch>>
{
    private readonly int _lineBytesMax;

    /// <summary>Makes the stage.</summary>
    /// <param name="lineBytesMax">Longest line in bytes, without its end.</param>
    public LineFramer(int lineBytesMax)
    {
        _lineBytesMax = lineBytesMax;
        Shape = new FlowShape<ByteString, LineBatch>(In, Out);
    }

    private Inlet<ByteString> In { get; } = new("LineFramer.in");

    private Outlet<LineBatch> Out { get; } = new("LineFramer.out");

    /// <inheritdoc/>
    public override FlowShape<ByteString, LineBatch> Shape { get; }

    /// <inheritdoc/>
    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) => new Logic(this);

    private sealed class Logic : InAndOutGraphStageLogic
    {
        private readonly LineFramer _stage;
        private readonly LineCutter _cutter;

        public Logic(LineFramer stage)
            : base(stage.Shape)
        {
            _stage = stage;
            _cutter = new LineCutter(stage._lineBytesMax);
            SetHandlers(stage.In, stage.Out, this);
        }

        public override void OnPush()
        {
            var lines = _cutter.Cut(Grab(_stage.In).ToArray());
            if (lines.Count > 0)
            {
                Push(_stage.Out, new LineBatch(lines));
            }
            else
            {
                Pull(_stage.In);
            }
        }

        public override void OnPull() => Pull(_stage.In);

        public override void OnUpstreamFinish()
        {
            var last = _cutter.Finish();
            if (last.Count > 0)
            {
                Emit(_stage.Out, new LineBatch(last));
            }

            CompleteStage();
        }
    }
}
