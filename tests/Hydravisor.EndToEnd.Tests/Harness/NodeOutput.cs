using System.Text;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>All that the processes of a node wrote, as evidence, and the lines that tests wait for. Safe for all threads.</summary>
internal sealed class NodeOutput
{
    private const int ShownCharsMax = 20_000;
    private readonly Lock _gate = new();
    private readonly StringBuilder _all = new();
    private readonly List<string> _lines = [];
    private readonly List<(Func<string, bool> Wanted, TaskCompletionSource<string> Came)> _waiting = [];

    /// <summary>The end of it, for a message.</summary>
    public string Tail
    {
        get
        {
            lock (_gate)
            {
                var from = Math.Max(0, _all.Length - ShownCharsMax);
                return (from > 0 ? "…" : "") + _all.ToString(from, _all.Length - from);
            }
        }
    }

    /// <summary>How many lines there are: where to wait from.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _lines.Count;
            }
        }
    }

    /// <summary>The lines from one on.</summary>
    public IReadOnlyList<string> From(int first)
    {
        lock (_gate)
        {
            return [.. _lines.Skip(first)];
        }
    }

    /// <summary>Adds a line.</summary>
    public void Add(string line)
    {
        lock (_gate)
        {
            _all.AppendLine(line);
            _lines.Add(line);
            foreach (var waiter in _waiting.Where(waiter => waiter.Wanted(line)).ToList())
            {
                waiter.Came.TrySetResult(line);
                _waiting.Remove(waiter);
            }
        }
    }

    /// <summary>The first line from one on that is wanted, now or when it comes.</summary>
    public Task<string> LineAsync(Func<string, bool> wanted, int from = 0)
    {
        lock (_gate)
        {
            if (_lines.Skip(from).FirstOrDefault(wanted) is { } there)
            {
                return Task.FromResult(there);
            }

            var came = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((wanted, came));
            return came.Task;
        }
    }

    /// <summary>The line that bears a text, now or when it comes.</summary>
    public Task<string> LineWithAsync(string text, int from = 0) =>
        LineAsync(line => line.Contains(text, StringComparison.Ordinal), from).InTimeAsync($"a line with \"{text}\"", () => Tail);
}
