using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Hydravisor.Chaos.Checking;
using Hydravisor.Chaos.Histories;
using Hydravisor.Chaos.Planning;
using Polly;
using Polly.Retry;

namespace Hydravisor.Chaos.World;

/// <summary>Carries out a plan, and mends all afterwards.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="plan">The plan.</param>
/// <param name="history">Whose clock counts.</param>
/// <param name="say">Told of each step.</param>
internal sealed class PlanRunner(ClusterScript cluster, ChaosPlan plan, History history, Action<string> say)
{
    private const int LastWords = 40;

    // Who starts a node, or lets it take VMs, does so again where that failed: the database may be away.
    private static readonly ResiliencePipeline<Ran> UntilItIsDone = new ResiliencePipelineBuilder<Ran>().AddRetry(new RetryStrategyOptions<Ran>
    {
        MaxRetryAttempts = int.MaxValue,
        Delay = TimeSpan.FromSeconds(1),
        ShouldHandle = new PredicateBuilder<Ran>().HandleResult(ran => ran.Code != 0),
    }).Build();

    private readonly ConcurrentDictionary<string, (Task Starting, CancellationTokenSource Stop)> _starts = new();
    private readonly List<Task> _verbs = [];

    /// <summary>Carries it out, to the end of the last fault.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        foreach (var step in plan.Steps)
        {
            var wait = step.At - history.Now;
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, stop);
            }

            await CarryOutAsync(step.Words);
        }
    }

    /// <summary>Whatever the plan left: links are whole, the database and all nodes run.</summary>
    /// <param name="libvirt">Whether each node has a libvirtd of its own.</param>
    /// <param name="stop">Ends the waiting for nodes that do not start.</param>
    /// <returns>The nodes whose processes had ended though nobody killed them, with what each said last.</returns>
    public async Task<IReadOnlyList<Finding>> MendAsync(bool libvirt, CancellationToken stop)
    {
        await cluster.CheckedAsync("heal");
        await cluster.CheckedAsync("database", "start");
        var ended = new Dictionary<string, Finding>();
        foreach (var node in JsonDocument.Parse(await cluster.CheckedAsync("status", "-o", "json")).RootElement.EnumerateArray())
        {
            var name = node.GetProperty("name").GetString()!;
            if (node.GetProperty("process").ValueKind == JsonValueKind.Null && !_starts.ContainsKey(name))
            {
                // Who starts it anew begins its output anew.
                var said = string.Join("\n    ", File.ReadLines(cluster.OutputOf(name)).TakeLast(LastWords));
                ended.Add(name, new Finding("node-ended", $"the process of {name} ended though nobody killed it; it said last:\n    {said}", []));
            }
            else if (node.GetProperty("process").ValueKind != JsonValueKind.Null)
            {
                await cluster.RunAsync(["continue", name], CancellationToken.None);
            }

            if (libvirt)
            {
                await cluster.CheckedAsync("libvirt", name, "start");
            }
        }

        foreach (var node in ended.Keys)
        {
            Start(node);
        }

        foreach (var (starting, _) in _starts.Values)
        {
            await starting.WaitAsync(stop);
        }

        await Task.WhenAll(_verbs).WaitAsync(stop);
        if (plan.Faults.Any(fault => fault.Kind == FaultKind.DrainNode))
        {
            foreach (var node in plan.Nodes)
            {
                await UntilItIsDone.ExecuteAsync(async _ => await VerbAsync(Step.Resume, node), stop);
            }
        }

        return [.. ended.Values];
    }

    /// <summary>Starts nothing any more.</summary>
    public async Task EndAsync()
    {
        foreach (var node in _starts.Keys)
        {
            await StopStartingAsync(node);
        }
    }

    private async Task CarryOutAsync(string[] words)
    {
        Say(words, "");
        if (words is [Step.Drain or Step.Resume, var node])
        {
            _verbs.Add(VerbAsync(words[0], node));
            return;
        }

        if (words is ["start", var started])
        {
            Start(started);
            return;
        }

        if (words is ["kill", var killed])
        {
            await StopStartingAsync(killed);
        }

        var ran = await cluster.RunAsync(words);
        if (ran.Code != 0)
        {
            // A node that has not come back yet cannot be paused.
            Say(words, $" did nothing: {ran.Error.Trim()}");
        }
    }

    // Through whichever node can: what none can now is not done.
    private async Task<Ran> VerbAsync(string verb, string node)
    {
        Ran? last = null;
        foreach (var through in plan.Nodes)
        {
            last = await cluster.ProgramAsync([.. verb.Split(' '), node, "--connect", cluster.AddressOf(through).ToString()]);
            if (last.Code == 0)
            {
                Say([verb, node], $" is done, through {through}");
                return last;
            }
        }

        Say([verb, node], $" did nothing: {last!.Error.Trim()}");
        return last;
    }

    private void Start(string node)
    {
        var stop = new CancellationTokenSource();
        _starts[node] = (StartAsync(node, stop.Token), stop);
    }

    private async Task StartAsync(string node, CancellationToken stop)
    {
        try
        {
            await UntilItIsDone.ExecuteAsync(
                async ended =>
                {
                    var ran = await cluster.RunAsync(["start", node], ended);
                    if (ran.Code != 0)
                    {
                        Say(["start", node], $" failed, and is tried again: {ran.Error.Trim().Split('\n')[^1]}");
                    }

                    return ran;
                },
                stop);
            Say(["start", node], " is done");
            _starts.TryRemove(node, out _);
        }
        catch (OperationCanceledException)
        {
            // It is killed again.
        }
    }

    private async Task StopStartingAsync(string node)
    {
        if (_starts.TryRemove(node, out var start))
        {
            await start.Stop.CancelAsync();
            await start.Starting;
        }
    }

    private void Say(string[] words, string more) => say(string.Create(CultureInfo.InvariantCulture, $"{history.Now:mm\\:ss\\.f} {string.Join(' ', words)}{more}"));
}
