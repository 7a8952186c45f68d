namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>How a simulated guest behaves.</summary>
/// <param name="BootTime">From the start or reset of its machine to its sign of life.</param>
/// <param name="FollowTime">From being asked to power off or reboot to doing so.</param>
internal sealed record SimulatedGuest(TimeSpan BootTime, TimeSpan FollowTime)
{
    /// <summary>The label of a VM that says how its guest behaves: <c>deaf</c>, <c>silent</c>, or <c>frail</c>.</summary>
    public const string Label = "simulated-guest";

    /// <summary>It does nothing that it is asked for.</summary>
    public bool Deaf { get; init; }

    /// <summary>It never shows life.</summary>
    public bool Silent { get; init; }

    /// <summary>It powers itself off instead of showing life.</summary>
    public bool Frail { get; init; }

    /// <summary>The guest of a VM with those labels.</summary>
    public SimulatedGuest For(IReadOnlyDictionary<string, string> labels) => labels.GetValueOrDefault(Label) switch
    {
        "deaf" => this with { Deaf = true },
        "silent" => this with { Silent = true },
        "frail" => this with { Frail = true },
        _ => this,
    };
}
