namespace Hydravisor.Bench.Results;

/// <summary>What is made of many numbers.</summary>
internal static class Sample
{
    /// <summary>The median.</summary>
    public static double Median(this IReadOnlyCollection<double> values) => values.Percentile(0.5);

    /// <summary>The value below which that share of all lies.</summary>
    /// <param name="values">At least one.</param>
    /// <param name="share">From 0 to 1.</param>
    public static double Percentile(this IReadOnlyCollection<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[Math.Min((int)(sorted.Length * share), sorted.Length - 1)];
    }
}
