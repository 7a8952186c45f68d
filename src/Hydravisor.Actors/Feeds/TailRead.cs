namespace Hydravisor.Actors.Feeds;

/// <summary>What one read of a <see cref="FileTail"/> gave.</summary>
/// <param name="Count">Bytes that were read; 0: there are no more now.</param>
/// <param name="Lost">Bytes between those that were read before and these (or, with a count of 0, the next) are gone: their file was dropped, or
/// begun anew, before they could be read. The bytes of one read are all from behind that loss.</param>
internal readonly record struct TailRead(int Count, bool Lost);
