using System.Globalization;
using Hydravisor.Chaos.Checking;
using Hydravisor.Chaos.Clients;
using Hydravisor.Chaos.Histories;
using Hydravisor.Chaos.Planning;
using Hydravisor.Chaos.World;

namespace Hydravisor.Chaos;

/// <summary>What a run is made of.</summary>
/// <param name="Seed">What all chance begins with.</param>
/// <param name="Time">How long faults go on.</param>
/// <param name="Nodes">How many nodes.</param>
/// <param name="Simulated">Whether the guests are records in a directory.</param>
/// <param name="Rolling">Nothing is broken: each node is ended in order and started again, one after the other, however long that takes.</param>
/// <param name="Drains">Nodes are drained and resumed meanwhile.</param>
/// <param name="Found">Where all is kept when something was found; null: nowhere.</param>
internal sealed record ChaosOptions(int Seed, TimeSpan Time, int Nodes = 3, bool Simulated = true, bool Rolling = false, bool Drains = false, DirectoryInfo? Found = null);

/// <summary>One run: a cluster, clients, faults, and what is to be said of it.</summary>
/// <param name="options">What it is made of.</param>
/// <param name="output">Told what happens.</param>
internal sealed class ChaosRun(ChaosOptions options, Action<string> output)
{
    private static readonly TimeSpan ComeBackMax = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan SettleMax = TimeSpan.FromMinutes(2);
    private readonly ClusterScript _cluster = ClusterScript.OfThisProcess();

    /// <summary>Runs it.</summary>
    /// <param name="stop">Ends it before its time; what was made is removed.</param>
    public async Task<ChaosReport> RunAsync(CancellationToken stop)
    {
        var plan = ChaosPlan.Make(options.Seed, options.Rolling ? TimeSpan.Zero : options.Time, options.Nodes, libvirt: !options.Simulated, options.Drains);
        output($"seed {options.Seed}, {(options.Rolling ? "a rolling restart" : options.Time)}, {options.Nodes} nodes, guests {(options.Simulated ? "simulated" : "real")}");
        foreach (var fault in plan.Faults)
        {
            output($"  {fault}");
        }

        Directory.CreateDirectory(_cluster.State);
        try
        {
            await _cluster.CheckedAsync(["up", options.Nodes.ToString(CultureInfo.InvariantCulture), .. options.Simulated ? ["--simulated"] : Array.Empty<string>()]);
            var (history, final) = await LiveAsync(plan, stop);
            var report = ChaosReport.Make(plan, history.Events, Checker.Check(history.Events, final));
            output(report.Text);
            if (report.Findings.Count > 0 && options.Found is { } found)
            {
                Keep(found, history, report);
            }

            return report;
        }
        finally
        {
            var down = await _cluster.RunAsync(["down", "--vms"], CancellationToken.None);
            if (down.Code != 0)
            {
                output($"scripts/cluster down --vms ended with {down.Code}: {down.Error}");
            }
        }
    }

    private async Task<(History History, FinalState Final)> LiveAsync(ChaosPlan plan, CancellationToken stop)
    {
        var (history, sightings) = (new History(), new Sightings());
        var load = options.Simulated ? Load.Simulated : Load.Real;
        var nodes = plan.Nodes.Select(node => (node, _cluster.AddressOf(node))).ToList();
        var runner = new PlanRunner(_cluster, plan, history, output);
        var look = new FinalLook(_cluster, plan.Nodes, libvirt: !options.Simulated);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var clients = Enumerable.Range(0, load.Clients).Select(number => new ChaosClient(number, options.Seed + (1000 * (number + 1)), load, nodes, history, sightings)).ToList();
        var lives = Task.WhenAll(clients.Select(client => client.LiveAsync(enough.Token, giveUp.Token)));
        var troubles = new List<Finding>();
        try
        {
            await runner.RunAsync(stop);
            if (options.Rolling)
            {
                troubles.AddRange(await new RollingRestart(_cluster, plan.Nodes, look, history, output).RunAsync(stop));
            }

            await ComeBackAsync(runner, look, history, troubles, stop);

            // Who was refused has as long as that to be answered.
            await enough.CancelAsync();
            giveUp.CancelAfter(SettleMax);
            await lives;
        }
        finally
        {
            await enough.CancelAsync();
            await giveUp.CancelAsync();
            await lives;
            await runner.EndAsync();
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }

        using var settle = CancellationTokenSource.CreateLinkedTokenSource(stop);
        settle.CancelAfter(SettleMax);
        troubles.AddRange(await look.SettledAsync(settle.Token));
        output(string.Create(CultureInfo.InvariantCulture, $"{history.Now:mm\\:ss} all is quiet"));
        var final = await look.ReadAsync(troubles, settle.Token);
        output(string.Create(CultureInfo.InvariantCulture, $"{history.Now:mm\\:ss} all is read"));
        return (history, final);
    }

    private async Task ComeBackAsync(PlanRunner runner, FinalLook look, History history, List<Finding> troubles, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(ComeBackMax);
        output(string.Create(CultureInfo.InvariantCulture, $"{history.Now:mm\\:ss} all is mended"));
        try
        {
            troubles.AddRange(await runner.MendAsync(libvirt: !options.Simulated, limit.Token));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            troubles.Add(new Finding("node-not-started", $"not all nodes started within {ComeBackMax.TotalSeconds:0} s", []));
        }

        troubles.AddRange(await look.UpAsync(limit.Token));
        output(string.Create(CultureInfo.InvariantCulture, $"{history.Now:mm\\:ss} all nodes are back"));
    }

    private void Keep(DirectoryInfo found, History history, ChaosReport report)
    {
        var directory = found.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"seed-{options.Seed}"));
        File.WriteAllText(Path.Combine(directory.FullName, "report.txt"), report.Text);
        File.WriteAllLines(Path.Combine(directory.FullName, "history.jsonl"), history.Events.Select(History.LineOf));
        foreach (var node in Directory.EnumerateDirectories(_cluster.State, "node-*"))
        {
            var logs = directory.CreateSubdirectory(Path.GetFileName(node));
            foreach (var log in Directory.EnumerateFiles(Path.Combine(node, "logs")))
            {
                File.Copy(log, Path.Combine(logs.FullName, Path.GetFileName(log)), overwrite: true);
            }
        }

        output($"history, report and the nodes' logs are in {directory.FullName}");
    }
}
