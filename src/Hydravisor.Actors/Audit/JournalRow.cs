namespace Hydravisor.Actors.Audit;

/// <summary>One row of the journal's table as it stands there, believed in nothing.</summary>
/// <param name="Stream">The persistence id of its column.</param>
/// <param name="Sequence">The number of its column.</param>
/// <param name="Manifest">The manifest of its column; empty where there is none.</param>
/// <param name="Bytes">The stored event.</param>
/// <param name="Ordering">Its place in the table.</param>
/// <param name="Deleted">Whether it is marked as deleted, which a node never does.</param>
internal readonly record struct JournalRow(string Stream, long Sequence, string Manifest, byte[] Bytes, long Ordering, bool Deleted);
