namespace Hydravisor.Actors.Audit;

/// <summary>A file that is no journal, or cannot be read now.</summary>
internal sealed class JournalUnreadableException(string message) : Exception(message);
