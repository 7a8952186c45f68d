using Hydravisor.Actors.Feeds;

namespace Hydravisor.Actors.Logs.Segments;

/// <summary>How far a VM's log has come, and how far its sources were taken for it: stored with the entries themselves, so that the two never differ.</summary>
/// <param name="LastSeq">Sequence number of the last entry; 0: there is none.</param>
/// <param name="Lifecycle">Journal number of the last event that was told.</param>
/// <param name="Console">Behind the last byte of the console's log that was taken.</param>
/// <param name="Port">Behind the last byte of the log port's log that was taken.</param>
internal readonly record struct LogState(long LastSeq, long Lifecycle, TailPlace Console, TailPlace Port);
