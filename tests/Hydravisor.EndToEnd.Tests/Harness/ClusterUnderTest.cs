using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Hydravisor.EndToEnd.Tests.Harness;

/// <summary>Three nodes as <c>scripts/cluster</c> makes them: each in a network namespace of its own, over one PostgreSQL. Gone with the tests.</summary>
public class ClusterUnderTest : IAsyncLifetime
{
    private const int TailLines = 40;
    private static int _networks = 80;
    private readonly TestDirectory _directory = new();
    private readonly string _network = string.Create(CultureInfo.InvariantCulture, $"10.{Interlocked.Increment(ref _networks)}.{Environment.ProcessId % 200}");

    /// <summary>The names of the nodes.</summary>
    public static IReadOnlyList<string> Nodes { get; } = ["node-1", "node-2", "node-3"];

    /// <summary>The field of a <c>vm/create</c> that wants a node.</summary>
    public static string At(string node) => $$"""
        "placement":{"node":"{{node}}"}
        """;

    /// <summary>What is to be started.</summary>
    private protected virtual string[] Wanted => ["3", "--simulated"];

    /// <summary>Where the cluster keeps all that is its own.</summary>
    public string State => TestDirectory.ClusterOf(_directory.Path);

    /// <summary>The address of a node, or of the database ("db").</summary>
    public IPAddress AddressOf(string node) => IPAddress.Parse(node == "db" ? _network + ".1" : $"{_network}.1{node[^1]}");

    /// <summary>Connects to a node as an agent does.</summary>
    internal async Task<RawConnection> ConnectAsync(string node, bool reading = true)
    {
        var connection = await TryConnectAsync(node, reading);
        Assert.True(connection is not null, $"{node} does not listen:\n{Tail()}");
        return connection;
    }

    /// <summary>The same; null where nobody listens there now.</summary>
    internal async Task<RawConnection?> TryConnectAsync(string node, bool reading = true)
    {
        try
        {
            return await RawConnection.OpenAsync(new IPEndPoint(AddressOf(node), 7411), Tail, reading);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>Calls <c>scripts/cluster</c>. Its network is said once, to <c>up</c>.</summary>
    public async Task<string> ScriptAsync(params string[] arguments)
    {
        string[] network = arguments[0] == "up" ? ["HYDRAVISOR_NETWORK=" + _network] : [];
        var ran = await Run.AnyAsync("env", ["-u", "HYDRAVISOR_NETWORK", "HYDRAVISOR_CLUSTER=" + State, .. network, Checkout.Script("cluster"), .. arguments]);
        Assert.True(ran.Code == 0, $"scripts/cluster {string.Join(' ', arguments)} ended with {ran.Code}: {ran.Error}{ran.Output}\n{Tail()}");
        return ran.Output;
    }

    /// <summary>Waits until all nodes belong together, whatever the test before left behind: one that it started may still be joining for some of them.</summary>
    public async Task BeTogetherAsync()
    {
        foreach (var node in Nodes)
        {
            if ((await StandingsAsync(node)).Count(state => state == "up") != Nodes.Count)
            {
                await HealAsync();
                return;
            }
        }
    }

    /// <summary>Makes all links whole, starts what does not run, and waits until all nodes belong together again.</summary>
    public async Task HealAsync()
    {
        await ScriptAsync("heal");
        foreach (var node in Nodes)
        {
            await ScriptAsync("start", node);
        }

        foreach (var node in Nodes)
        {
            await Patience.UntilAsync(() => StandingsAsync(node), all => all.Count(state => state == "up") == Nodes.Count, all => $"{node} sees {string.Join(", ", all)}:\n{Tail()}");
        }
    }

    /// <summary>All nodes take VMs, whoever was cordoned.</summary>
    public async Task ResumeAsync()
    {
        await using var one = await ConnectAsync("node-1");
        foreach (var node in Nodes)
        {
            await WireSteps.WhenPossibleAsync(() => one.AskAsync($$"""{"type":"node/resume","node":"{{node}}"}"""));
        }
    }

    /// <summary>What <c>scripts/cluster status</c> says of a node.</summary>
    public async Task<JsonElement> StatusAsync(string node) =>
        JsonDocument.Parse(await ScriptAsync("status", "-o", "json")).RootElement.EnumerateArray().Single(each => each.Text("name") == node);

    /// <summary>Waits until a node has said something in this life of it.</summary>
    public Task SaysAsync(string node, string text) => Patience.UntilAsync(
        async () => await File.ReadAllTextAsync(OutputOf(node)), said => said.Contains(text, StringComparison.Ordinal), _ => $"{node} does not say \"{text}\":\n{Tail()}");

    /// <summary>The URI of the database.</summary>
    public string DatabaseUri => File.ReadAllText(Path.Combine(State, "postgresql.uri")).Trim();

    /// <summary>What all nodes wrote down is whole.</summary>
    public async Task MustBeVerifiedAsync()
    {
        var verified = await AuditAsync("verify", "--journal", DatabaseUri, "-o", "json");
        Assert.Empty(JsonDocument.Parse(verified).RootElement.GetProperty("findings").EnumerateArray());
    }

    /// <summary>Calls <c>hydravisor audit</c> on the nodes' database; it must succeed.</summary>
    public async Task<string> AuditAsync(params string[] arguments)
    {
        var ran = await Run.AnyAsync("env", ["HYDRAVISOR_POSTGRESQL=" + DatabaseUri, "dotnet", Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), "audit", .. arguments]);
        Assert.True(ran.Code == 0, $"audit {string.Join(' ', arguments)} ended with {ran.Code}: {ran.Output}{ran.Error}");
        return ran.Output;
    }

    /// <inheritdoc/>
    public Task InitializeAsync()
    {
        // The server's own user walks through it.
        File.SetUnixFileMode(_directory.Path, File.GetUnixFileMode(_directory.Path) | UnixFileMode.OtherExecute);
        return ScriptAsync(["up", .. Wanted]);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await ScriptAsync("down", "--vms");
        _directory.Dispose();
    }

    /// <summary>The last that each node said.</summary>
    public string Tail() => string.Join('\n', Nodes.Where(node => File.Exists(OutputOf(node))).Select(node => $"--- {node}\n{string.Join('\n', File.ReadLines(OutputOf(node)).Where(IsTelling).TakeLast(TailLines))}"));

    // While a node is away the others say the same of it several times a second, and stack traces say little here.
    private static bool IsTelling(string line) =>
        !line.Contains("Keeping it quarantined", StringComparison.Ordinal) && !line.Contains("Removing receive buffers", StringComparison.Ordinal) && !line.StartsWith("   at ", StringComparison.Ordinal);

    // Empty where the node does not serve now.
    private async Task<IReadOnlyList<string?>> StandingsAsync(string node)
    {
        await using var connection = await TryConnectAsync(node);
        return connection is null || !(await connection.AskAsync("""{"type":"node/list"}""")).TryGetProperty("nodes", out var nodes)
            ? []
            : [.. nodes.EnumerateArray().Select(each => each.Text("state"))];
    }

    private string OutputOf(string node) => Path.Combine(State, node, "logs", "node.out");
}

/// <summary>The tests that share one cluster, and leave it as they found it.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterTestsCollection : ICollectionFixture<ClusterUnderTest>
{
    public const string Name = "cluster";
}
