using System.Diagnostics;

namespace Hydravisor.Bench.Logs;

/// <summary>What one round of delivery gave.</summary>
/// <param name="LinesPerSecond">Lines delivered, to all subscribers together.</param>
/// <param name="ReadersShare">Processor time of the subscribers' process by time: where it is near 1, they were the bound.</param>
internal readonly record struct Delivered(double LinesPerSecond, double ReadersShare);

/// <summary>One who says lines as fast as all of many subscribers get them.</summary>
internal static class Delivery
{
    // What is under way is bounded, since NATS cuts off who is 64 MiB behind, and memory is no measure of speed.
    private const int LinesUnderWayMax = 2_000_000;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Runs one round, with subscribers of its own.</summary>
    /// <param name="side">Which side.</param>
    /// <param name="count">How many subscribers read.</param>
    /// <param name="stalled">How many more never read.</param>
    public static async Task<Delivered> RunAsync(Side side, int count, int stalled = 0)
    {
        var sockets = Enumerable.Range(0, stalled).Select(_ => side.Subscription.Open(side.Endpoint)).ToList();
        try
        {
            return await RoundAsync(side, count);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    private static async Task<Delivered> RoundAsync(Side side, int count)
    {
        using var subscribers = await Subscribers.StartAsync(side.Endpoint, count, side.Subscription);
        var window = Math.Min(LinesUnderWayMax / count, 20_000);
        var said = 0L;
        Publish(side, subscribers, WarmUp, window, ref said);
        var (before, used, clock) = (subscribers.Lines, subscribers.ProcessorTime, Stopwatch.StartNew());
        Publish(side, subscribers, Round, window, ref said);
        var (after, seconds) = (subscribers.Lines, clock.Elapsed.TotalSeconds);
        var share = (subscribers.ProcessorTime - used).TotalSeconds / seconds;
        AwaitAll(subscribers, said);
        return new Delivered((after - before) / seconds, share);
    }

    private static void Publish(Side side, Subscribers subscribers, TimeSpan time, int window, ref long said)
    {
        var batch = side.Batch(Side.BatchMax);
        var clock = Stopwatch.StartNew();
        var fewest = 0L;
        while (clock.Elapsed < time)
        {
            if (said + Side.BatchMax - fewest <= window)
            {
                side.Say(batch);
                said += Side.BatchMax;
            }
            else if (subscribers.Fewest is var now && now > fewest)
            {
                fewest = now;
            }
            else
            {
                Thread.Sleep(1);
            }
        }
    }

    // None may be lost, on either side: who drops lines is fast easily.
    private static void AwaitAll(Subscribers subscribers, long said)
    {
        var clock = Stopwatch.StartNew();
        while (subscribers.Fewest < said)
        {
            if (clock.Elapsed > Patience)
            {
                throw new InvalidOperationException(
                    $"Lines were lost, or do not come any more: {said} were said, and one subscriber has {subscribers.Fewest}.");
            }

            Thread.Sleep(1);
        }
    }
}
