using System.Text;
using System.Text.Json;
using Hydravisor.Actors.Terminals.Sharing;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Terminals.Sharing;

/// <summary>One who streams a terminal and takes all at once.</summary>
internal sealed class Watcher : IDisposable
{
    private readonly SemaphoreSlim _woken = new(1);
    private readonly Lock _gate = new();
    private readonly List<byte> _shown = [];
    private readonly CancellationTokenSource _stop = new();
    private int _resets;

    public Watcher(NodeTerminals node, InstanceId id, TerminalRole role, (int Cols, int Rows)? size = null)
    {
        Viewer = node.Attach(id, role, size, () => _woken.Release());
        _ = TakeAsync();
    }

    public TerminalViewer Viewer { get; }

    public int Resets => Volatile.Read(ref _resets);

    /// <summary>All that came since the last reset, that screen with it.</summary>
    public byte[] Shown
    {
        get
        {
            lock (_gate)
            {
                return [.. _shown];
            }
        }
    }

    public string Text => Encoding.UTF8.GetString(Shown);

    public Task ShowsAsync(string text) => Wait.Until(() => Task.FromResult(Text.Contains(text, StringComparison.Ordinal)), () => $"'{text}' in '{Text}'");

    public async Task TypeAsync(string text)
    {
        var typed = await Viewer.TypeAsync(Encoding.UTF8.GetBytes(text));
        Assert.True(typed.IsDone, typed.Reason);
    }

    public void Dispose()
    {
        _stop.Cancel();
        Viewer.Dispose();
    }

    private async Task TakeAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await _woken.WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (Viewer.TryTake(out var lines))
            {
                foreach (var line in Encoding.UTF8.GetString(lines.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    Show(JsonDocument.Parse(line).RootElement);
                }
            }
        }
    }

    private void Show(JsonElement line)
    {
        Assert.Equal("terminal/output", line.GetProperty("type").GetString());
        lock (_gate)
        {
            if (line.TryGetProperty("reset", out _))
            {
                _shown.Clear();
                _resets++;
            }

            _shown.AddRange(line.GetProperty("data_b64").GetBytesFromBase64());
        }
    }
}
