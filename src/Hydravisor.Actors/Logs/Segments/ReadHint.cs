namespace Hydravisor.Actors.Logs.Segments;

/// <summary>Where in the files a place was found, so that who reads on need not look for it again. The default knows nothing.</summary>
/// <param name="File">The file, by the sequence number of its first entry.</param>
/// <param name="Offset">Where in it a frame begins.</param>
/// <param name="Next">The first sequence number that stands there, or behind.</param>
internal readonly record struct ReadHint(long File, long Offset, long Next);
