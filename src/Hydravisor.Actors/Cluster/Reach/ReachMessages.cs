using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Actors.Recordings;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster.Reach;

/// <summary>What the end of a feed on a session's node and the one on the VM's node say to each other.</summary>
/// <remarks>
/// <code><![CDATA[
/// RemoteFeedActor ── OpenLog, OpenTerminal, OpenDisk, OpenLink ──> ReachActor ── makes ── FeedSender
///        ^ ──────────────── Opened ────────────────────────────────────── │
///        │ <── Lines … (at most a window that is not taken yet) ───────── │
///        │ ─── Taken, TypeIn, Resize, Leave ──────────────────────────────> │
///        └ <── Done, Over ──────────────────────────────────────────────── ┘
/// ]]></code>
/// </remarks>
internal static class ReachMessages
{
    /// <summary>Bytes that may be on their way, or lie untaken at the session's node, of one feed.</summary>
    public const int WindowBytes = 256 * 1024;

    /// <summary>Follow a log.</summary>
    public sealed record OpenLog(InstanceId Id, long From);

    /// <summary>Stream a terminal.</summary>
    public sealed record OpenTerminal(InstanceId Id, TerminalRole Role, int? Cols, int? Rows);

    /// <summary>Take a disk. It comes as <see cref="Lines"/> of any bytes.</summary>
    public sealed record OpenDisk(InstanceId Id);

    /// <summary>Take part in what two hypervisors say while a VM goes to this node as it runs. What the other one says comes as <see cref="TypeIn"/>, none: it said all.</summary>
    public sealed record OpenLink(InstanceId Id, LiveChannel Channel);

    /// <summary>It is open, or cannot be.</summary>
    public sealed record Opened(OutcomeKind Kind, string Reason, long From);

    /// <summary>Lines of the wire. Their bytes travel as they are.</summary>
    public sealed record Lines(byte[] Bytes);

    /// <summary>So many bytes were taken: as many more may come.</summary>
    public sealed record Taken(int Bytes);

    /// <summary>No more will come.</summary>
    public sealed record Over(string Why);

    /// <summary>Type.</summary>
    public sealed record TypeIn(long Correlation, byte[] Bytes);

    /// <summary>Another size.</summary>
    public sealed record Resize(long Correlation, int Cols, int Rows);

    /// <summary>What came of <see cref="TypeIn"/> or <see cref="Resize"/>.</summary>
    public sealed record Done(long Correlation, OutcomeKind Kind, string Reason);

    /// <summary>It is followed no more.</summary>
    public sealed record Leave;

    /// <summary>Read a log.</summary>
    public sealed record QueryLog(InstanceId Id, long From, int Limit, int BytesMax);

    /// <summary>What was read.</summary>
    public sealed record LogRead(OutcomeKind Kind, string Reason, byte[] PayloadJson, long Next);

    /// <summary>Read a recording.</summary>
    public sealed record ReadRecording(InstanceId Id, RecordingQuest Quest);

    /// <summary>What was read; null: nothing.</summary>
    public sealed record RecordingRead(OutcomeKind Kind, string Reason, RecordingPage? Page);
}
