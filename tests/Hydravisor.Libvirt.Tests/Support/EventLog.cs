using System.Threading.Channels;

namespace Hydravisor.Libvirt.Tests.Support;

/// <summary>What a handler was given, in order.</summary>
public sealed class EventLog<TEvent>
{
    private readonly Channel<TEvent> _events = Channel.CreateUnbounded<TEvent>();

    public void Add(TEvent happened) => _events.Writer.TryWrite(happened);

    /// <summary>The next event that fits, passing over others; fails with the phase's name when it does not come.</summary>
    public async Task<TEvent> Next(string phase, Func<TEvent, bool> fits)
    {
        using CancellationTokenSource limit = new(Limits.Patience);
        List<TEvent> passed = [];
        try
        {
            await foreach (TEvent happened in _events.Reader.ReadAllAsync(limit.Token))
            {
                if (fits(happened))
                {
                    return happened;
                }

                passed.Add(happened);
            }
        }
        catch (OperationCanceledException)
        {
            // Told below.
        }

        throw new TimeoutException($"No event for: {phase}. Passed over: {string.Join("; ", passed)}");
    }

    /// <summary>Everything that is there now.</summary>
    public IReadOnlyList<TEvent> Drain()
    {
        List<TEvent> all = [];
        while (_events.Reader.TryRead(out TEvent? happened))
        {
            all.Add(happened);
        }

        return all;
    }
}
