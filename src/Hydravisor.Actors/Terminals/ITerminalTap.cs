namespace Hydravisor.Actors.Terminals;

/// <summary>A terminal as it looks now, as bytes that make any terminal of that size look so.</summary>
/// <param name="Cols">Its width in characters; 0: not known.</param>
/// <param name="Rows">Its height in lines; 0: not known.</param>
/// <param name="Bytes">Begins with a reset.</param>
internal sealed record TerminalScreen(int Cols, int Rows, ReadOnlyMemory<byte> Bytes);

/// <summary>Why a tap gives no more.</summary>
internal enum TapEnd
{
    /// <summary>The session was lost: it can be ensured again.</summary>
    Lost,

    /// <summary>The session was closed by <see cref="ITerminals.CloseAsync"/>.</summary>
    Closed,

    /// <summary>The tap was disposed of.</summary>
    Disposed,
}

/// <summary>What a tap gives, in the order in which it happened. Called by one thread at a time; must neither block nor throw.</summary>
internal interface ITerminalSink
{
    /// <summary>The console wrote bytes. They are only there during the call.</summary>
    void Output(ReadOnlySpan<byte> bytes);

    /// <summary>The answer to <see cref="ITerminalTap.AskScreen"/>: all output before it is in it, and none after it.</summary>
    void Screen(TerminalScreen screen);

    /// <summary>The terminal has another size, or its console runs anew: what was shown before is no longer so.</summary>
    void Changed();

    /// <summary>The console's program ended, and the session is still there.</summary>
    void ConsoleEnded();

    /// <summary>The answer to <see cref="ITerminalTap.AskLocals"/>.</summary>
    /// <param name="lastActive">When somebody who is attached on the node itself and may type last did something, in whole seconds; null: nobody is.</param>
    void Locals(DateTimeOffset? lastActive);

    /// <summary>There is no more. Called once, last.</summary>
    void Ended(TapEnd end, string reason);
}

/// <summary>Follows one session's console. Safe for all threads; nothing here blocks or throws. What is asked again before it is answered is asked once.</summary>
internal interface ITerminalTap : IAsyncDisposable
{
    /// <summary>Asks for the screen as it is now.</summary>
    void AskScreen();

    /// <summary>Gives the terminal a size of its own.</summary>
    void Resize(int cols, int rows);

    /// <summary>Gives the size back to the people who are attached on the node itself.</summary>
    void ReleaseSize();

    /// <summary>Asks what people do who are attached on the node itself.</summary>
    void AskLocals();
}
