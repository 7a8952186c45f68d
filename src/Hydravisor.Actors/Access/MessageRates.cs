using System.Collections.Concurrent;
using System.Threading.RateLimiting;

namespace Hydravisor.Actors.Access;

/// <summary>How often agents may say something, over all their connections to a node. Safe for all threads.</summary>
/// <remarks>A second's worth may come at once. There are as many counters as agents that spoke, in the roles that have a limit.</remarks>
internal sealed class MessageRates
{
    private const int MillisecondsPerSecond = 1000;
    private const int StepMilliseconds = 10;
    private readonly ConcurrentDictionary<(string Agent, string Role, int PerSecond), TokenBucketRateLimiter> _limiters = new();

    /// <summary>Counts a message.</summary>
    /// <param name="principal">Who sent it.</param>
    /// <param name="perSecond">The most in a second; null: no limit.</param>
    /// <returns>When the next one may come; null: this one may be carried out.</returns>
    public TimeSpan? Count(Principal principal, int? perSecond)
    {
        if (perSecond is not { } most)
        {
            return null;
        }

        var limiter = _limiters.GetOrAdd((principal.Agent, principal.Role, most), key => Make(key.PerSecond));
        limiter.TryReplenish();
        using var lease = limiter.AttemptAcquire();
        return lease.IsAcquired ? null
            : lease.TryGetMetadata(MetadataName.RetryAfter, out var after) && after > TimeSpan.Zero ? after
            : limiter.ReplenishmentPeriod;
    }

    private static TokenBucketRateLimiter Make(int perSecond)
    {
        var step = Math.Max(StepMilliseconds, MillisecondsPerSecond / Math.Max(perSecond, 1));
        return new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = Math.Max(perSecond, 1),
            TokensPerPeriod = Math.Max(perSecond * step / MillisecondsPerSecond, 1),
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(step),
            QueueLimit = 0,
            AutoReplenishment = false,
        });
    }
}
