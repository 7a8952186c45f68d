using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>What a node signs, and what a person with its public key and a witness sees of what was done to its journal.</summary>
public sealed class CheckpointTests(ITestOutputHelper output) : EndToEndTest(output)
{
    private readonly TestDirectory _elsewhere = new();

    private string Witness => Path.Combine(_elsewhere.Path, "witness.jsonl");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _elsewhere.Dispose();
    }

    [Fact]
    public async Task A_node_signs_as_it_goes_over_a_kill_and_at_its_end_and_the_key_vouches_for_all_of_it()
    {
        var node = await StartAsync();
        await using (var connection = await node.ConnectAsync())
        {
            await connection.CreateRunningAsync();
        }

        await WitnessedAsync(1);
        await node.KillAndStartAsync();
        var key = KeyElsewhere(node);
        await using (var connection = await node.ConnectAsync())
        {
            await connection.CreateRunningAsync();
        }

        await node.SignalAsync("TERM");
        Assert.Equal(0, await node.ExitAsync());
        var (code, check) = await VerifyAsync(node, key);
        Assert.Equal((0, 0L, true), (code, check.Number("events_unsigned"), check.Flag("signatures_checked")));
        var witnessed = await File.ReadAllLinesAsync(Witness);
        Assert.Equal(check.Number("checkpoints"), witnessed.Select(line => JsonDocument.Parse(line).RootElement.Number("number")).Max());
    }

    [Fact]
    public async Task An_end_that_was_cut_off_and_a_checkpoint_of_another_key_are_seen()
    {
        var node = await StartAsync();
        await using (var connection = await node.ConnectAsync())
        {
            await connection.CreateRunningAsync();
        }

        await WitnessedAsync(1);
        await node.SignalAsync("TERM");
        await node.ExitAsync();
        var key = KeyElsewhere(node);
        Execute(node, "delete from journal where ordering > (select min(ordering) from journal where manifest = 'checkpoint.made.v1')");
        var (code, check) = await VerifyAsync(node, key);
        Assert.Equal((1, "truncated"), (code, check.GetProperty("findings")[0].Text("kind")));

        File.Delete(Path.Combine(node.Data, "node-key.pem"));
        await node.StartAsync();
        await node.SignalAsync("TERM");
        await node.ExitAsync();
        (code, check) = await VerifyAsync(node, key);
        Assert.Equal(1, code);
        Assert.Contains(check.GetProperty("findings").EnumerateArray(), finding => finding.Text("sentence")!.Contains("another key", StringComparison.Ordinal));
    }

    private Task<NodeUnderTest> StartAsync() => StartNodeAsync(new NodeOptions
    {
        Conf = $$"""hydravisor.audit.checkpoints { every-events = 3, every-time = 100ms, witness = "file:{{Witness}}" }""",
    });

    private async Task WitnessedAsync(int least) => await Patience.UntilAsync(
        () => Task.FromResult(File.Exists(Witness) ? File.ReadAllLines(Witness).Length : 0), count => count >= least, count => $"The witness has {count} checkpoints.");

    private string KeyElsewhere(NodeUnderTest node)
    {
        var key = Path.Combine(_elsewhere.Path, "key.pem");
        File.Copy(Path.Combine(node.Data, "node-key.pub.pem"), key);
        return key;
    }

    private async Task<(int Code, JsonElement Check)> VerifyAsync(NodeUnderTest node, string key)
    {
        var ran = await Run.AnyAsync(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), "audit", "verify", "--data", node.Data, "--public-key", key, "--witness", Witness, "-o", "json"]);
        Assert.True(ran.Output.Length > 0, ran.Error);
        return (ran.Code, JsonDocument.Parse(ran.Output).RootElement);
    }

    private static void Execute(NodeUnderTest node, string sql)
    {
        using var journal = new SqliteConnection($"Data Source={Path.Combine(node.Data, "journal.db")};Pooling=False");
        journal.Open();
        using var command = journal.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
