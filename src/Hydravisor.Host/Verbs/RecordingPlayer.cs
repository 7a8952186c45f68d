using System.Text;
using Hydravisor.Actors.Recordings;

namespace Hydravisor.Host.Verbs;

/// <summary>Shows a recording on this terminal at the pace at which it was made. Not thread-safe.</summary>
/// <param name="environment">The terminal and the clock.</param>
/// <param name="speed">So many times as fast; more than 0.</param>
/// <param name="idleLimit">Seconds to wait at most where nothing happens; null: as long as nothing happened.</param>
internal sealed class RecordingPlayer(VerbEnvironment environment, double speed, double? idleLimit)
{
    private readonly ReplayFilter _filter = new();
    private TimeSpan _last;
    private bool _shown;

    /// <summary>Shows what a line of the file says that the terminal showed, when its time has come.</summary>
    public async Task ShowAsync(string told, CancellationToken stop)
    {
        if (OutputOf(told) is not var (at, text))
        {
            return;
        }

        var seconds = Math.Min((at - _last).TotalSeconds, idleLimit ?? double.MaxValue) / speed;
        _last = at;
        if (seconds > 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(1).TotalSeconds)), environment.Time, stop);
        }

        stop.ThrowIfCancellationRequested();
        _shown = true;
        await environment.Output.WriteAsync(_filter.Filter(text));
        await environment.Output.FlushAsync(stop);
    }

    /// <summary>Brings the terminal back to order.</summary>
    public async Task EndAsync()
    {
        if (_shown)
        {
            await environment.Output.WriteAsync(ReplayFilter.Restore);
            await environment.Output.FlushAsync(CancellationToken.None);
        }
    }

    private static (TimeSpan At, string Text)? OutputOf(string told) =>
        CastLine.TryRead(Encoding.UTF8.GetBytes(told), out var line) && line.Code == CastCode.Output ? (TimeSpan.FromMicroseconds(line.Micros), line.Text) : null;
}
