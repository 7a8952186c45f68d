namespace Hydravisor.Actors.Audit;

/// <summary>One row of the snapshots' table, as far as it bears on the chain.</summary>
/// <param name="Stream">The persistence id.</param>
/// <param name="Sequence">The number of the last event that it holds.</param>
/// <param name="Head">The hash of that event as the snapshot names it; null where it names none.</param>
/// <param name="Bytes">The snapshot; null where there is none.</param>
internal sealed record SnapshotRow(string Stream, long Sequence, string? Head, byte[]? Bytes = null);
