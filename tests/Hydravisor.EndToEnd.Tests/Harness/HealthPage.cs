using System.Text.Json;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>What a node tells of itself at one of its pages.</summary>
/// <param name="Code">The status of HTTP.</param>
/// <param name="Body">The report.</param>
internal sealed record HealthPage(int Code, JsonElement Body)
{
    private static readonly HttpClient Client = new();

    /// <summary>The setting that gives a node pages at a port of its own choice.</summary>
    public const string Setting = "hydravisor.health.listen = \"127.0.0.1:0\"\n";

    /// <summary>Where a node tells it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="from">The line of its output to look from.</param>
    public static async Task<string> AddressOfAsync(NodeUnderTest node, int from = 0) =>
        (await node.Output.LineWithAsync("health is told at http://", from)).Split(' ').First(word => word.StartsWith("http://", StringComparison.Ordinal)).Replace("/healthz", "", StringComparison.Ordinal);

    /// <summary>Asks.</summary>
    public static async Task<HealthPage> GetAsync(string address, string page)
    {
        using var answer = await Client.GetAsync($"{address}/{page}");
        return new HealthPage((int)answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
    }

    /// <summary>Asks whether it is ready until it is as wanted, and looks that it lives all the while.</summary>
    /// <returns>What was wanted.</returns>
    public static Task<HealthPage> UntilAsync(string address, Func<HealthPage, bool> wanted) => Patience.UntilAsync(
        async () =>
        {
            var alive = await GetAsync(address, "healthz");
            Assert.True(alive.Code == 200, $"It is not alive: {alive.Body}");
            return await GetAsync(address, "readyz");
        },
        wanted,
        last => $"{last.Code}: {last.Body}");

    /// <summary>The status of a part.</summary>
    public string? Status(string part) => Body.GetProperty(part).Text("status");

    /// <summary>The reason of a part.</summary>
    public string? Reason(string part) => Body.GetProperty(part).Text("reason");
}
