using System.Diagnostics;
using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;

namespace Hydravisor.Bench.Logs;

/// <summary>How fast a node stores what a guest says while nobody follows it.</summary>
internal static class Storage
{
    private const int Lines = 500_000;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Says many lines and waits until the last one can be read back.</summary>
    /// <returns>Lines a second.</returns>
    public static async Task<double> RunAsync(Side side, RawConnection connection, string instanceId)
    {
        var tail = await connection.AskAsync($$"""{"type":"log/subscribe","instance_id":"{{instanceId}}","from":"tail"}""");
        var last = tail.MustBeOk("log/subscribe").Number("next") + Lines - 1;
        (await connection.AskAsync($$"""{"type":"log/unsubscribe","instance_id":"{{instanceId}}"}""")).MustBeOk("log/unsubscribe");
        var batch = side.Batch(Side.BatchMax);
        var clock = Stopwatch.StartNew();
        for (var said = 0; said < Lines; said += Side.BatchMax)
        {
            side.Say(batch);
        }

        while (!await IsThereAsync(connection, instanceId, last))
        {
            if (clock.Elapsed > Patience)
            {
                throw new InvalidOperationException($"The line {last} was not stored in {Patience.TotalSeconds:N0} s.");
            }

            await Task.Delay(Poll);
        }

        return Lines / clock.Elapsed.TotalSeconds;
    }

    private static async Task<bool> IsThereAsync(RawConnection connection, string instanceId, long number)
    {
        var answer = await connection.AskAsync($$"""{"type":"log/query","instance_id":"{{instanceId}}","from":{{number}},"limit":1}""");
        return answer.TryGetProperty("payload", out var payload) && payload.ValueKind == JsonValueKind.Array && payload.GetArrayLength() > 0;
    }
}
