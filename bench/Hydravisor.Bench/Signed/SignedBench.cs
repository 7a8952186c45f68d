using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hydravisor.Bench.Results;
using Hydravisor.Bench.State;
using Hydravisor.Bench.Wire;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;

namespace Hydravisor.Bench.Signed;

/// <summary>How many signed messages a node answers in a second, beside the same messages unsigned.</summary>
internal static class SignedBench
{
    private const string Name = "signed";
    private const int Connections = 8;
    private const int Window = 256;
    private const int MessagesPerConnection = 20_000;
    private const int WarmUpRounds = 5;

    /// <summary>Measures.</summary>
    public static async Task<IReadOnlyList<Measurement>> RunAsync(int rounds)
    {
        await using var world = await OneVmNode.StartAsync();
        var added = await Run.CheckedAsync(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), "agent", "add", "--role", "trusted", "-o", "json", "--data", world.Node.Data);
        var key = System.Text.Json.JsonDocument.Parse(added).RootElement.GetProperty("key").GetBytesFromBase64();
        byte[] Bare() => [.. Enumerable.Repeat(world.Query, MessagesPerConnection).SelectMany(line => line)];
        byte[] Signed() => [.. Enumerable.Range(0, MessagesPerConnection).SelectMany(_ => Wrap(key, world.Query.AsSpan()[..^1]))];

        // The node notices a new agent by itself, and its compilers need a million messages.
        await WhenLetInAsync(world, key);
        for (var round = 0; round < WarmUpRounds; round++)
        {
            await RoundAsync(world, Bare, extra: 0);
            await RoundAsync(world, Signed, extra: 1);
        }

        List<double> bare = [], signed = [], bareBusy = [], signedBusy = [];
        for (var round = 0; round < rounds; round++)
        {
            var start = Busy(world);
            signed.Add(await RoundAsync(world, Signed, extra: 1));
            var between = Busy(world);
            bare.Add(await RoundAsync(world, Bare, extra: 0));
            signedBusy.Add((between - start) / (Connections * MessagesPerConnection) * 1e6);
            bareBusy.Add((Busy(world) - between) / (Connections * MessagesPerConnection) * 1e6);
        }

        return
        [
            new Measurement(Name, "vm/state, each signed, 8 connections, window 256", signed.Median(), "/s")
            {
                Peer = "the same unsigned", PeerValue = bare.Median(), Goal = Goal.RatioAtLeast(0.6), Rounds = signed, PeerRounds = bare,
            },
            new Measurement(Name, "processor time of the node for each", signedBusy.Median(), "µs")
            {
                Peer = "the same unsigned", PeerValue = bareBusy.Median(), Rounds = signedBusy, PeerRounds = bareBusy,
            },
        ];
    }

    // All is signed before the clock runs.
    private static Task<double> RoundAsync(OneVmNode world, Func<byte[]> script, int extra) =>
        new ScriptedLoad(world.Node.Endpoint, [.. Enumerable.Range(0, Connections).Select(_ => script())], MessagesPerConnection, Window, extra).RunAsync();

    private static double Busy(OneVmNode world)
    {
        using var process = System.Diagnostics.Process.GetProcessById(world.Node.ProcessId);
        return process.TotalProcessorTime.TotalSeconds;
    }

    private static async Task WhenLetInAsync(OneVmNode world, byte[] key)
    {
        await using var connection = await world.Node.ConnectAsync();
        await Patience.UntilAsync(
            async () =>
            {
                await connection.SendAsync(Encoding.UTF8.GetString(Wrap(key, """{"type":"vm/list","meta":{"request_id":"in"}}"""u8)).TrimEnd());
                return await connection.ReplyAsync("in");
            },
            reply => reply.Type() == "vm/list",
            reply => reply.GetRawText());
    }

    private static byte[] Wrap(byte[] key, ReadOnlySpan<byte> message)
    {
        var fingerprint = MessageSignature.FingerprintOf(key);
        var time = DateTimeOffset.UtcNow.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var nonce = RandomNumberGenerator.GetHexString(16, lowercase: true);
        var hmac = Convert.ToHexStringLower(MessageSignature.Compute(key, fingerprint, "trusted", time, nonce, message));
        var head = $$"""{"agent_fingerprint":"{{fingerprint}}","role":"trusted","timestamp":"{{time}}","nonce":"{{nonce}}","hmac":"{{hmac}}","message":""";
        return [.. Encoding.UTF8.GetBytes(head), .. message, .. "}\n"u8];
    }
}
