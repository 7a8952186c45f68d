namespace Hydravisor.Actors.Journal;

/// <summary>The names of streams: <c>KIND|NODE</c> or <c>KIND|NODE|ID</c>. Each has one writer, its node.</summary>
internal static class StreamName
{
    /// <summary>The node whose stream it is; empty where the name has none.</summary>
    public static string NodeOf(string stream) => stream.Split('|', 3) is [_, var node, ..] ? node : "";
}
