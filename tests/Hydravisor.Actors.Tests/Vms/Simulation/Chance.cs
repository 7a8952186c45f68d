namespace Hydravisor.Actors.Tests.Vms.Simulation;

/// <summary>All chance of one simulation, from its seed.</summary>
internal sealed class Chance(int seed)
{
    private readonly Random _random = new(seed);

    public bool Of(double probability) => _random.NextDouble() < probability;

    public int Below(int limit) => _random.Next(limit);

    public T One<T>(IReadOnlyList<T> of) => of[_random.Next(of.Count)];

    /// <summary>Mostly short, at times long: a delay on the way.</summary>
    public TimeSpan Delay() => TimeSpan.FromMilliseconds(_random.Next(20) switch
    {
        0 => _random.Next(5000),
        < 5 => _random.Next(300),
        _ => _random.Next(20),
    });

    /// <summary>The pause before the next thing that somebody does.</summary>
    public TimeSpan Pause() => TimeSpan.FromMilliseconds(_random.Next(10) switch
    {
        0 => _random.Next(90_000),
        < 4 => _random.Next(50),
        _ => _random.Next(6000),
    });
}
