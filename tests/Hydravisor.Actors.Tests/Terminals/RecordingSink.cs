using System.Text;
using Hydravisor.Actors.Terminals;

namespace Hydravisor.Actors.Tests.Terminals;

/// <summary>Keeps all that a tap gives.</summary>
internal sealed class RecordingSink : ITerminalSink
{
    private readonly Lock _gate = new();
    private readonly List<byte> _output = [];
    private readonly TaskCompletionSource<TapEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TerminalScreen? _screen;
    private int _changes;

    public string Screen => _screen is { } screen ? Encoding.UTF8.GetString(screen.Bytes.Span) : "";

    public (int Cols, int Rows) Size => _screen is { } screen ? (screen.Cols, screen.Rows) : default;

    public int Changes => Volatile.Read(ref _changes);

    public Task<TapEnd> Ended => _ended.Task;

    public string Output
    {
        get
        {
            lock (_gate)
            {
                return Encoding.UTF8.GetString([.. _output]);
            }
        }
    }

    void ITerminalSink.Output(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _output.AddRange(bytes);
        }
    }

    void ITerminalSink.Screen(TerminalScreen screen) => _screen = screen;

    void ITerminalSink.Changed() => Interlocked.Increment(ref _changes);

    void ITerminalSink.ConsoleEnded()
    {
    }

    void ITerminalSink.Locals(DateTimeOffset? lastActive)
    {
    }

    void ITerminalSink.Ended(TapEnd end, string reason) => _ended.SetResult(end);
}

/// <summary>A console that shows a file, in every form.</summary>
internal sealed class FollowedConsole : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public FollowedConsole() => File.WriteAllText(FileName, "");

    public string[] Command => ["tail", "-n", "+1", "-F", FileName];

    private string FileName => Path.Combine(_directory.Path, "console.log");

    public Task WriteAsync(string text) => File.AppendAllTextAsync(FileName, text);

    public void Dispose() => _directory.Dispose();
}
