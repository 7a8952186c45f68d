namespace Hydravisor.Actors.Logs;

/// <summary>A piece of a log.</summary>
/// <param name="PayloadJson">Entries as they stand on the wire, joined by commas, with gaps among them; empty: there are none.</param>
/// <param name="Next">The sequence number at which to go on.</param>
internal readonly record struct LogPage(ReadOnlyMemory<byte> PayloadJson, long Next);
