using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Cluster;

/// <summary>Three nodes of <c>scripts/cluster</c> on this machine, on the simulated hypervisor. Gone with the bench, however it ends.</summary>
internal sealed class MachineCluster : IAsyncDisposable
{
    /// <summary>How many nodes.</summary>
    public const int Nodes = 3;

    private const string Network = "10.201.77";
    private const int FirstAddress = 10;
    private const int Port = 7411;
    private readonly TestDirectory _directory = new();

    private MachineCluster() => AppDomain.CurrentDomain.ProcessExit += OnBenchEnd;

    /// <summary>The address of the database that they share.</summary>
    public string DatabaseUri => File.ReadAllText(Path.Combine(State, "postgresql.uri")).Trim();

    private string State => Path.Combine(_directory.Path, "cluster");

    /// <summary>Starts them.</summary>
    public static async Task<MachineCluster> StartAsync()
    {
        var cluster = new MachineCluster();
        try
        {
            await cluster.ScriptAsync("up", Nodes.ToString(CultureInfo.InvariantCulture), "--simulated");
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A node's name.</summary>
    /// <param name="node">Its number, from 1.</param>
    public static string NameOf(int node) => string.Create(CultureInfo.InvariantCulture, $"node-{node}");

    /// <summary>Where a node serves.</summary>
    /// <param name="node">Its number, from 1.</param>
    public static IPEndPoint EndpointOf(int node) => new(IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"{Network}.{FirstAddress + node}")), Port);

    /// <summary>Connects to a node.</summary>
    public Task<RawConnection> ConnectAsync(int node) => RawConnection.OpenAsync(EndpointOf(node), () => File.ReadAllText(Path.Combine(State, NameOf(node), "logs", "node.out")));

    /// <summary>The process of a node.</summary>
    public async Task<Process> ProcessAsync(int node)
    {
        using var status = JsonDocument.Parse(await ScriptAsync("status", "-o", "json"));
        return Process.GetProcessById((int)status.RootElement.EnumerateArray().Single(each => each.Text("name") == NameOf(node)).Number("process"));
    }

    /// <summary>Starts a node again, and waits until it serves and belongs.</summary>
    public Task StartNodeAsync(int node) => ScriptAsync("start", NameOf(node));

    /// <summary>Starts all nodes again with other settings.</summary>
    /// <param name="change">What becomes of each one's settings file.</param>
    public async Task ReconfigureAsync(Func<string, string> change)
    {
        for (var node = 1; node <= Nodes; node++)
        {
            await ScriptAsync("stop", NameOf(node));
            var file = Path.Combine(State, NameOf(node), "hydravisor.conf");
            await File.WriteAllTextAsync(file, change(await File.ReadAllTextAsync(file)));
        }

        for (var node = 1; node <= Nodes; node++)
        {
            await StartNodeAsync(node);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnBenchEnd;
        await ScriptAsync("down", "--vms");
        _directory.Dispose();
    }

    private Task<string> ScriptAsync(params string[] arguments) => Run.CheckedAsync("env", ArgumentsFor(arguments));

    private string[] ArgumentsFor(params string[] arguments) =>
        ["HYDRAVISOR_CLUSTER=" + State, "HYDRAVISOR_NETWORK=" + Network, Checkout.Script("cluster"), .. arguments];

    private void OnBenchEnd(object? sender, EventArgs e)
    {
        using var down = Process.Start("env", ArgumentsFor("down", "--vms"));
        down.WaitForExit();
        _directory.Dispose();
    }
}
