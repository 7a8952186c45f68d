using System.Text.Json;
using Hydravisor.Client;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Qemu;

/// <summary>What real guests write, and nothing of it lost.</summary>
public sealed class LogTests(ITestOutputHelper output) : QemuTest(output)
{
    private const int Kills = 20;

    [Fact]
    public async Task A_guest_that_counts_loses_no_number_over_twenty_kills_of_the_node_and_its_recording_is_complete()
    {
        var random = new Random(Seed());
        var node = await StartRealNodeAsync();
        string id;
        await using (var client = await node.ConnectClientAsync())
        {
            id = (await client.CreateAsync(new VmCreate { Os = "tiny", Meta = new MessageMeta { RecordSession = true } })).InstanceId;
            await ReachAsync(client, id, VmPhase.Running);
            await using var terminal = await client.OpenTerminalAsync(id);
            await terminal.TypeAsync(LogReader.Counting);
        }

        await using var reader = new LogReader(id);
        await reader.UntilAsync(node, entry => entry is { Stream: "guest", Msg: "10" }, "the guest counts at its port");
        for (var kill = 0; kill < Kills; kill++)
        {
            var reading = reader.WhileItLivesAsync(node);
            await Task.Delay(random.Next(1000));
            await node.KillAsync();
            await reading.InTimeAsync("the client sees that the node is gone");
            await node.StartAsync();
        }

        await reader.UntilFurtherAsync(node, 20);
        reader.MustBeWhole();
        Say.WriteLine($"{Kills} kills, counted to {reader.Last("guest")}");
        await MustBeRecordedAsync(node, id, reader.Last("console"));
    }

    [Fact]
    public async Task The_founding_documents_two_lines_come_from_a_guests_port_with_their_own_timestamps()
    {
        var node = await StartRealNodeAsync();
        await using var client = await node.ConnectClientAsync();
        var id = await CreateRunningAsync(client, "debian-12");
        await using var connection = await node.ConnectAsync();
        (await connection.AskAsync("log/subscribe", id)).MustBeOk("log/subscribe");
        await InGuestAsync(client, id, "/bin/sh", "-c", """
            port=/dev/virtio-ports/org.hydravisor.log.0
            echo '{"timestamp":"2025-05-29T20:15:42Z","msg":"Agent initialized."}' >$port
            echo '{"timestamp":"2025-05-29T20:15:50Z","msg":"Received task input."}' >$port
            """);
        await InGuestAsync(client, id, "/usr/bin/hydra-log", "-f", "step=3", "It is \"done\".");
        var entries = new List<JsonElement>();
        while (entries.Count < 3)
        {
            var line = await connection.LineAsync(line => line.Type() == "model/log" && line.Text("source") == id, "the guest's lines");
            entries.AddRange(line.GetProperty("payload").EnumerateArray().Where(entry => entry.Text("stream") == "guest"));
        }

        Assert.Equal(
            [("2025-05-29T20:15:42Z", "Agent initialized."), ("2025-05-29T20:15:50Z", "Received task input.")],
            entries.Take(2).Select(entry => (entry.Text("timestamp")!, entry.Text("msg")!)));
        Assert.Equal(("It is \"done\".", "3"), (entries[2].Text("msg"), entries[2].GetProperty("fields").Text("step")));
    }

    private int Seed()
    {
        var seed = Environment.TickCount;
        Say.WriteLine($"seed {seed}");
        return seed;
    }

    private static async Task InGuestAsync(HydravisorClient client, string id, params string[] argv)
    {
        var ran = await client.ExecAsync(new VmExec { InstanceId = id, Argv = argv });
        Assert.True(ran.ExitCode == 0, $"{argv[0]} ended with {ran.ExitCode}: {ran.StderrB64}");
    }

    private static async Task MustBeRecordedAsync(NodeUnderTest node, string id, int last)
    {
        var events = await Recording.EventsAsync(node.Data, id);
        var shown = LogReader.Numbers(string.Concat(events.Where(each => each.Code == "o").Select(each => each.Data)).Split('\n').SkipLast(1));
        Assert.Equal(Enumerable.Range(1, shown.Count), shown);
        Assert.True(shown.Count >= last, $"The log has {last} numbers of the console, its recording {shown.Count}.");
        Assert.Contains(events, each => each.Code == "i" && each.Data.Contains("usleep", StringComparison.Ordinal));
        Assert.True(events.Count(each => each.Code == "m") >= Kills, "Each time that the node was down is marked.");
    }
}
