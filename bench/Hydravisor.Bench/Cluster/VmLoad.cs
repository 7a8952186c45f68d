using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Cluster;

/// <summary>Many VMs that are made, suspended and resumed, and removed, with many requests under way.</summary>
internal static class VmLoad
{
    private static int _requests;

    /// <summary>Makes VMs.</summary>
    /// <param name="gateways">Through which nodes: an even share through each.</param>
    /// <param name="vms">How many.</param>
    /// <param name="window">How many may be unanswered, over all gateways.</param>
    /// <param name="more">More fields of each <c>vm/create</c>.</param>
    /// <returns>The VMs, and how many of them were acknowledged, and ran, a second.</returns>
    public static async Task<(List<string> Ids, double Acknowledged, double Running)> CreateAsync(IReadOnlyList<IPEndPoint> gateways, int vms, int window, string more = "")
    {
        var begun = Stopwatch.GetTimestamp();
        var shares = await Task.WhenAll(gateways.Select(gateway => Task.Factory.StartNew(
            () => Create(gateway, vms / gateways.Count, window / gateways.Count, more, begun), TaskCreationOptions.LongRunning)));
        List<string> ids = [.. shares.SelectMany(share => share.Ids)];
        return (ids, ids.Count / shares.Max(share => share.Acknowledged.TotalSeconds), ids.Count / shares.Max(share => share.Running.TotalSeconds));
    }

    /// <summary>Suspends and resumes each VM again and again for a time.</summary>
    /// <param name="gateway">Through which node.</param>
    /// <param name="ids">The VMs, which run, and run in the end.</param>
    /// <param name="time">How long new rounds begin.</param>
    /// <returns>How many were suspended and resumed a second, and how long each took, in milliseconds.</returns>
    public static Task<(double Rate, List<double> Took)> CycleAsync(IPEndPoint gateway, IReadOnlyCollection<string> ids, TimeSpan time) =>
        Task.Factory.StartNew(() => Cycle(gateway, ids, time), TaskCreationOptions.LongRunning);

    /// <summary>Removes VMs.</summary>
    public static Task DeleteAsync(IPEndPoint gateway, IReadOnlyCollection<string> ids) => Task.Factory.StartNew(() => Delete(gateway, ids), TaskCreationOptions.LongRunning);

    private static (List<string> Ids, TimeSpan Acknowledged, TimeSpan Running) Create(IPEndPoint gateway, int vms, int window, string more, long begun)
    {
        using var connection = new LineConnection(gateway);
        var (ids, left, running, acknowledged) = (new List<string>(vms), vms, 0, TimeSpan.Zero);
        void Ask()
        {
            left--;
            connection.Send(string.Create(
                CultureInfo.InvariantCulture, $$"""{"type":"vm/create","os":"tiny","ram":"64MB","meta":{"request_id":"bench-{{Interlocked.Increment(ref _requests)}}"}{{more}}}"""));
        }

        for (var i = Math.Min(window, vms); i > 0; i--)
        {
            Ask();
        }

        connection.Run(line =>
        {
            if (line.Type() == "vm/create")
            {
                ids.Add(line.Id());
                acknowledged = Stopwatch.GetElapsedTime(begun);
                if (left > 0)
                {
                    Ask();
                }
            }

            running += IsNow(line, "running") ? 1 : 0;
            return running == vms;
        });
        return (ids, acknowledged, Stopwatch.GetElapsedTime(begun));
    }

    private static (double Rate, List<double> Took) Cycle(IPEndPoint gateway, IReadOnlyCollection<string> ids, TimeSpan time)
    {
        using var connection = new LineConnection(gateway);
        Follow(connection, ids);
        var (took, since, clock, resting) = (new List<double>(), new Dictionary<string, long>(), Stopwatch.StartNew(), 0);
        void Begin(string id)
        {
            since[id] = Stopwatch.GetTimestamp();
            connection.Send($$"""{"type":"vm/suspend","instance_id":"{{id}}"}""");
        }

        foreach (var id in ids)
        {
            Begin(id);
        }

        connection.Run(line =>
        {
            if (IsNow(line, "suspended"))
            {
                connection.Send($$"""{"type":"vm/resume","instance_id":"{{line.Id()}}"}""");
            }
            else if (IsNow(line, "running"))
            {
                took.Add(Stopwatch.GetElapsedTime(since[line.Id()]).TotalMilliseconds);
                if (clock.Elapsed < time)
                {
                    Begin(line.Id());
                }
                else
                {
                    resting++;
                }
            }

            return resting == ids.Count;
        });
        return (took.Count / clock.Elapsed.TotalSeconds, took);
    }

    private static void Delete(IPEndPoint gateway, IReadOnlyCollection<string> ids)
    {
        using var connection = new LineConnection(gateway);
        Follow(connection, ids);
        foreach (var id in ids)
        {
            connection.Send($$"""{"type":"vm/delete","instance_id":"{{id}}"}""");
        }

        var left = ids.Count;
        connection.Run(line => (left -= IsNow(line, "deleted") ? 1 : 0) == 0);
    }

    private static void Follow(LineConnection connection, IReadOnlyCollection<string> ids)
    {
        foreach (var id in ids)
        {
            connection.Send($$"""{"type":"vm/state","instance_id":"{{id}}","subscribe":true}""");
        }

        var left = ids.Count;
        connection.Run(_ => --left == 0);
    }

    private static bool IsNow(JsonElement line, string state) => line.Type() == "vm/state" && line.Flag("broadcast") && line.Text("state") == state;
}
