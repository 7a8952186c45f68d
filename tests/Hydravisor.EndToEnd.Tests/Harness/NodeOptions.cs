namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>How a node under test differs from the usual one.</summary>
public sealed record NodeOptions
{
    /// <summary>The usual: development profile, simulated hypervisor.</summary>
    public static NodeOptions Usual { get; } = new();

    /// <summary>The shipped profile.</summary>
    public string Profile { get; init; } = "development";

    /// <summary>The form of the hypervisor.</summary>
    public string Hypervisor { get; init; } = "simulated";

    /// <summary>The text of <c>hydravisor.conf</c> in the data directory; empty: no such file.</summary>
    public string Conf { get; init; } = "";

    /// <summary>The data directory of another node under test, to run on that one's; null: one of its own.</summary>
    public string? OnDataOf { get; init; }

    /// <summary>Address and port to listen on.</summary>
    public string Listen { get; init; } = "127.0.0.1:0";
}
