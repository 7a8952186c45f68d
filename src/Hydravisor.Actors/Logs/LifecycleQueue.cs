using System.Globalization;

namespace Hydravisor.Actors.Logs;

/// <summary>Lines that wait to be stored. Bounded: what comes while nothing can be stored is told as one line, with its number. Not thread-safe.</summary>
internal sealed class LifecycleQueue
{
    private const int LinesMax = 256;

    private readonly List<LifecycleLine> _lines = [];
    private int _merged;

    /// <summary>Lines that wait, oldest first.</summary>
    public IReadOnlyList<LifecycleLine> Lines => _lines;

    /// <summary>Adds lines.</summary>
    public void Add(IReadOnlyList<LifecycleLine> lines)
    {
        foreach (var line in lines)
        {
            if (_lines.Count > 0 && line.Number <= _lines[^1].Number)
            {
                continue;
            }

            if (_lines.Count < LinesMax)
            {
                _lines.Add(line);
                continue;
            }

            _merged++;
            _lines[^1] = line with
            {
                Text = string.Create(CultureInfo.InvariantCulture, $"{_merged + 1} events while the log could not be written; they stand in the journal; the last: {line.Text}"),
            };
        }
    }

    /// <summary>Removes the lines up to a number.</summary>
    public void RemoveUpTo(long number)
    {
        _lines.RemoveAll(line => line.Number <= number);
        _merged = _lines.Count < LinesMax ? 0 : _merged;
    }
}
