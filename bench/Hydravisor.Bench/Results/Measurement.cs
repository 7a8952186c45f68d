namespace Hydravisor.Bench.Results;

/// <summary>One thing that was measured, beside its peer in the same run.</summary>
/// <param name="Bench">The verb that measured it.</param>
/// <param name="What">What it is.</param>
/// <param name="Value">The median over the rounds.</param>
/// <param name="Unit">Its unit.</param>
internal sealed record Measurement(string Bench, string What, double Value, string Unit)
{
    /// <summary>What it is compared with.</summary>
    public string? Peer { get; init; }

    /// <summary>The peer's median, in the same unit.</summary>
    public double? PeerValue { get; init; }

    /// <summary>Value by peer's value.</summary>
    public double? Ratio => PeerValue is { } peer and not 0 ? Value / peer : null;

    /// <summary>What is wanted; null where nothing is.</summary>
    public Goal? Goal { get; init; }

    /// <summary>Each round's value, in order: the spread says how far the medians can be believed.</summary>
    public IReadOnlyList<double> Rounds { get; init; } = [];

    /// <summary>Each round's value of the peer.</summary>
    public IReadOnlyList<double> PeerRounds { get; init; } = [];

    /// <summary>Whether the goal is met; null where there is none.</summary>
    public bool? IsMet => Goal?.IsMetBy(this);
}

/// <summary>What is wanted of a measurement.</summary>
/// <param name="Bound">The bound.</param>
/// <param name="OfRatio">Whether it bounds the ratio to the peer and not the value.</param>
/// <param name="IsLeast">Whether it is the least and not the most.</param>
internal sealed record Goal(double Bound, bool OfRatio, bool IsLeast)
{
    /// <summary>The value is at least that.</summary>
    public static Goal AtLeast(double bound) => new(bound, OfRatio: false, IsLeast: true);

    /// <summary>The value is at most that.</summary>
    public static Goal AtMost(double bound) => new(bound, OfRatio: false, IsLeast: false);

    /// <summary>The ratio is at least that.</summary>
    public static Goal RatioAtLeast(double bound) => new(bound, OfRatio: true, IsLeast: true);

    /// <summary>The ratio is at most that.</summary>
    public static Goal RatioAtMost(double bound) => new(bound, OfRatio: true, IsLeast: false);

    /// <summary>Whether a measurement meets it.</summary>
    public bool IsMetBy(Measurement measurement) =>
        (OfRatio ? measurement.Ratio : measurement.Value) is { } value && (IsLeast ? value >= Bound : value <= Bound);
}
