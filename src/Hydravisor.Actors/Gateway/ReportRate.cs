using System.Globalization;

namespace Hydravisor.Actors.Gateway;

/// <summary>Lets so many lines of one kind into the log in a stretch of time, and counts the others: peers cause them, and must not fill the disk. Safe for all threads.</summary>
/// <param name="most">How many in a stretch.</param>
/// <param name="stretch">How long that is.</param>
/// <param name="time">The clock.</param>
internal sealed class ReportRate(int most, TimeSpan stretch, TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _began = time.GetTimestamp();
    private int _reported;
    private long _silent;

    /// <summary>Whether a line may be written now.</summary>
    /// <param name="before">What to add to it: how many were not written since the last one; empty: none.</param>
    public bool TryTake(out string before)
    {
        lock (_gate)
        {
            before = "";
            if (time.GetElapsedTime(_began) >= stretch)
            {
                (_began, _reported) = (time.GetTimestamp(), 0);
            }

            if (_reported >= most)
            {
                _silent++;
                return false;
            }

            _reported++;
            if (_silent > 0)
            {
                before = string.Create(CultureInfo.InvariantCulture, $" (and {_silent} others since the last line like this)");
                _silent = 0;
            }

            return true;
        }
    }
}
