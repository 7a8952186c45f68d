namespace Hydravisor.Actors.Audit;

/// <summary>The first record of a stream that is not as it was stored.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Sequence">The record's number.</param>
/// <param name="Kind">What is wrong with it.</param>
/// <param name="Sentence">The same for a person.</param>
internal sealed record ChainFinding(string Stream, long Sequence, ChainFindingKind Kind, string Sentence);
