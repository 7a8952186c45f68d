namespace Hydravisor.Chaos.Clients;

/// <summary>How much the clients ask for.</summary>
/// <param name="Clients">How many there are.</param>
/// <param name="VmsEach">How many VMs each has at most.</param>
/// <param name="Pace">How long each waits between two requests.</param>
/// <param name="Ram">The memory of each VM.</param>
internal sealed record Load(int Clients, int VmsEach, TimeSpan Pace, string Ram)
{
    /// <summary>For guests that are records in a directory.</summary>
    public static Load Simulated { get; } = new(6, 5, TimeSpan.FromMilliseconds(350), "32MB");

    /// <summary>For guests that are emulated, on a small machine.</summary>
    public static Load Real { get; } = new(3, 2, TimeSpan.FromMilliseconds(700), "128MB");
}
