using Hydravisor.Actors.Feeds;

namespace Hydravisor.Actors.Recordings;

/// <summary>The files that a recording is made of, read on from the places of a checkpoint. Not safe for several threads.</summary>
/// <remarks>Its places run ahead of the recording's file between <see cref="Take"/> and the append; where that fails, a new one is made of the last checkpoint.</remarks>
internal sealed class RecordingSources : IDisposable
{
    private const int ReadBytesMax = 32 * 1024;
    private const int BatchBytesMax = 128 * 1024;
    private const string Lost =
        "output is missing here: the console's file was turned over before it was read, and how much was in it cannot be known";

    private const string TypedLost =
        "what was typed at the local terminal is missing here: its file was replaced before it was read, and how much was in it cannot be known";

    /// <summary>Who typed, where only the terminal knows.</summary>
    private const string Local = "local";

    private readonly byte[] _buffer = new byte[ReadBytesMax];
    private readonly FileTail _console;
    private readonly ConsoleText _text = new();
    private readonly FileTail? _typed;
    private readonly TypedLog _log = new();
    private readonly ExpectedInput _expected = new();
    private int _consoleAhead;
    private int _typedAhead;

    /// <summary>Opens nothing yet.</summary>
    public RecordingSources(RecordingStart start, CastCheckpoint at)
    {
        _console = new FileTail(start.ConsolePath, at.Console);
        _typed = start.TypedLogPath is { } path ? new FileTail(path, at.Typed) : null;
    }

    /// <summary>Tells that these bytes will come in the log of what was typed, and are recorded already.</summary>
    public void Expect(byte[] input) => _expected.Add(input);

    /// <summary>Adds what is new to a batch.</summary>
    /// <param name="batch">Where to.</param>
    /// <param name="at">The last checkpoint.</param>
    /// <param name="next">The checkpoint behind it.</param>
    /// <returns>How many bytes were read.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public int Take(CastBatch batch, CastCheckpoint at, out CastCheckpoint next)
    {
        var typed = TakeTyped(batch, at, out next);
        var shown = TakeConsole(batch, next, out next);
        return typed + shown;
    }

    /// <summary>Adds what waited for more that will not come.</summary>
    public CastCheckpoint Finish(CastBatch batch, CastCheckpoint at)
    {
        AddOutput(batch, _text.End());
        at = AcceptConsole(at);
        if (_typed is null)
        {
            return at;
        }

        var inputs = at.Inputs;
        _log.End(text => AddTyped(batch, text, ref inputs));
        return AcceptTyped(at with { Inputs = inputs });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _console.Dispose();
        _typed?.Dispose();
    }

    private int TakeConsole(CastBatch batch, CastCheckpoint at, out CastCheckpoint next)
    {
        var total = 0;
        while (total < BatchBytesMax)
        {
            var read = _console.Read(_buffer);
            if (read.Lost)
            {
                AddOutput(batch, _text.End());
                batch.Add(CastCode.Marker, Lost);
                at = at with { Gaps = at.Gaps + 1 };
            }

            AddOutput(batch, _text.Decode(_buffer.AsSpan(0, read.Count)));
            total += read.Count;
            _consoleAhead += read.Count;

            // A loss is told until it is accepted: once is enough.
            if (read.Count == 0 || read.Lost)
            {
                next = read.Lost || total > 0 ? AcceptConsole(at) : at;
                return total;
            }
        }

        next = AcceptConsole(at);
        return total;
    }

    private CastCheckpoint AcceptConsole(CastCheckpoint at)
    {
        var count = _consoleAhead - _text.Held;
        _console.Accept(count);
        _consoleAhead = _text.Held;
        return at with { Console = _console.Place, OutputBytes = at.OutputBytes + count };
    }

    private int TakeTyped(CastBatch batch, CastCheckpoint at, out CastCheckpoint next)
    {
        next = at;
        if (_typed is null)
        {
            return 0;
        }

        var total = 0;
        while (total < BatchBytesMax)
        {
            var read = _typed.Read(_buffer);
            var inputs = at.Inputs;
            if (read.Lost)
            {
                _log.End(text => AddTyped(batch, text, ref inputs));
                batch.Add(CastCode.Marker, TypedLost);
                at = at with { Gaps = at.Gaps + 1 };
            }

            if (read.Count == 0 && !read.Lost)
            {
                break;
            }

            total += read.Count;
            _typedAhead += read.Count;
            _log.Take(_buffer.AsSpan(0, read.Count), text => AddTyped(batch, text, ref inputs), note => batch.Add(CastCode.Marker, $"local terminal: {note}"));
            next = at = AcceptTyped(at with { Inputs = inputs });
        }

        return total;
    }

    private CastCheckpoint AcceptTyped(CastCheckpoint at)
    {
        _typed!.Accept(_typedAhead - _log.Held);
        _typedAhead = _log.Held;
        return at with { Typed = _typed.Place };
    }

    private static void AddOutput(CastBatch batch, ReadOnlySpan<char> text)
    {
        if (text.Length > 0)
        {
            batch.Add(CastCode.Output, text);
        }
    }

    private void AddTyped(CastBatch batch, string text, ref long inputs)
    {
        if (_expected.Without(text) is { Length: > 0 } local)
        {
            batch.Typed(Local, local);
            inputs++;
        }
    }
}
