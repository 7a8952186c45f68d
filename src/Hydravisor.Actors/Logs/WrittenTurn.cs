namespace Hydravisor.Actors.Logs;

/// <summary>What one turn of a <see cref="LogWriter"/> did.</summary>
/// <param name="More">Whether there is more, at once.</param>
/// <param name="PortLost">Whether bytes of the log port were lost before they could be read.</param>
internal readonly record struct WrittenTurn(bool More, bool PortLost);
