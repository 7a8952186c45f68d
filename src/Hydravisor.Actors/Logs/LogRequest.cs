using Hydravisor.Actors.Logs.Segments;

namespace Hydravisor.Actors.Logs;

/// <summary>A question to a VM's log.</summary>
/// <param name="Answer">Answers it; may throw what reading files throws.</param>
/// <param name="Fail">Says why there is no answer.</param>
internal sealed record LogRequest(Action<SegmentStore, LogScratch> Answer, Action<string> Fail);
