namespace Hydravisor.Actors.Recordings;

/// <summary>The codes of events in an asciicast file (docs.asciinema.org, asciicast v2), and two of our own. Players ignore codes that they do not know.</summary>
internal static class CastCode
{
    /// <summary>What the terminal showed.</summary>
    public const char Output = 'o';

    /// <summary>What was typed.</summary>
    public const char Input = 'i';

    /// <summary>The size of the terminal, such as <c>80x24</c>.</summary>
    public const char Resize = 'r';

    /// <summary>A note for people.</summary>
    public const char Marker = 'm';

    /// <summary>Ours: who typed the input that follows.</summary>
    public const char User = 'u';

    /// <summary>Ours: how far the sources were read; see <see cref="CastCheckpoint"/>. Never leaves by an export.</summary>
    public const char Checkpoint = 'p';
}
