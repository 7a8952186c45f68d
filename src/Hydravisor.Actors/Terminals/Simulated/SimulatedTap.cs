
namespace Hydravisor.Actors.Terminals.Simulated;

/// <summary>A tap on a simulated console: a file that is followed.</summary>
internal sealed class SimulatedTap : ITerminalTap
{
    private const int ScreenBytesMax = 16 * 1024;
    private const int ReadBytesMax = 64 * 1024;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    private readonly string? _file;
    private readonly ITerminalSink _sink;
    private readonly Func<DateTimeOffset?> _locals;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Task _following;
    private (int Cols, int Rows) _size = (80, 24);
    private (int Cols, int Rows) _wished = (80, 24);
    private bool _screenAsked;
    private bool _localsAsked;
    private TapEnd _end = TapEnd.Disposed;
    private long _position;

    /// <summary>Follows a file from its end.</summary>
    /// <param name="file">What the console shows; null: nothing.</param>
    /// <param name="sink">Gets what it gives.</param>
    /// <param name="locals">When somebody on the node itself was active last.</param>
    /// <param name="time">The clock.</param>
    public SimulatedTap(string? file, ITerminalSink sink, Func<DateTimeOffset?> locals, TimeProvider time)
    {
        (_file, _sink, _locals) = (file, sink, locals);
        _position = Length();
        _following = FollowAsync(time);
    }

    /// <summary>Done when the tap gives no more.</summary>
    public Task Completion => _following;

    /// <inheritdoc/>
    public void AskScreen()
    {
        lock (_gate)
        {
            _screenAsked = true;
        }
    }

    /// <inheritdoc/>
    public void AskLocals()
    {
        lock (_gate)
        {
            _localsAsked = true;
        }
    }

    /// <inheritdoc/>
    public void Resize(int cols, int rows)
    {
        lock (_gate)
        {
            _wished = (cols, rows);
        }
    }

    /// <inheritdoc/>
    public void ReleaseSize()
    {
    }

    /// <summary>Ends it from outside.</summary>
    public void End(TapEnd end)
    {
        _end = end;
        _stop.Cancel();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(false);
    }

    private long Length() => _file is not null && File.Exists(_file) ? new FileInfo(_file).Length : 0;

    private async Task FollowAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(Poll, time);
        try
        {
            do
            {
                Look();
            }
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
        }

        _sink.Ended(_end, "the simulated terminal ended");
    }

    private void Look()
    {
        try
        {
            Read();
        }
        catch (IOException)
        {
            // It is removed or turned over in this moment.
        }

        bool screen, locals, resized;
        lock (_gate)
        {
            (screen, locals, resized) = (_screenAsked, _localsAsked, _size != _wished);
            (_screenAsked, _localsAsked, _size) = (false, false, _wished);
        }

        if (resized)
        {
            _sink.Changed();
        }

        if (locals)
        {
            _sink.Locals(_locals());
        }

        if (screen)
        {
            _sink.Screen(new TerminalScreen(_size.Cols, _size.Rows, (byte[])[.. "\ec"u8, .. Slice(Math.Max(0, _position - ScreenBytesMax), ScreenBytesMax)]));
        }
    }

    private void Read()
    {
        if (Length() < _position)
        {
            _position = 0;
            _sink.Changed();
        }

        while (Slice(_position, ReadBytesMax) is { Length: > 0 } bytes)
        {
            _position += bytes.Length;
            _sink.Output(bytes);
        }
    }

    private byte[] Slice(long from, int max)
    {
        if (_file is null || !File.Exists(_file))
        {
            return [];
        }

        using var file = new FileStream(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = from;
        var bytes = new byte[Math.Clamp(file.Length - from, 0, max)];
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }
}
