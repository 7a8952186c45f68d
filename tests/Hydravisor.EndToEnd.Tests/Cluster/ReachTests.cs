using System.Globalization;
using Hydravisor.EndToEnd.Tests.Harness;
using Hydravisor.EndToEnd.Tests.Wire;

namespace Hydravisor.EndToEnd.Tests.Cluster;

/// <summary>Logs, terminals and commands of a VM through a node that does not have it.</summary>
[Collection(ClusterTestsCollection.Name)]
public sealed class ReachTests(ClusterUnderTest cluster) : IAsyncLifetime
{
    // Much more than a window and all sockets hold, and less than a follower may be behind.
    private const int Flood = 40_000;
    private RawConnection _owner = null!;
    private RawConnection _far = null!;
    private string _id = "";

    public async Task InitializeAsync()
    {
        await cluster.BeTogetherAsync();
        (_owner, _far) = (await cluster.ConnectAsync("node-1"), await cluster.ConnectAsync("node-3"));
        _id = await _owner.CreateRunningAsync(ClusterUnderTest.At("node-1"));
    }

    public async Task DisposeAsync()
    {
        await _owner.AskAsync("vm/delete", _id);
        await _owner.DisposeAsync();
        await _far.DisposeAsync();
    }

    [Fact]
    public async Task A_log_is_followed_and_asked_for_from_afar_without_a_hole()
    {
        await WritesAsync(string.Concat(Enumerable.Range(1, 300).Select(number => $"line {number}\n")));
        (await _far.AskAsync("log/subscribe", _id, "\"from\":\"start\"")).MustBeOk("log/subscribe");
        var before = await LogTests.EntriesAsync(_far, _id, LogTests.IsGuest, 300);
        await WritesAsync(string.Concat(Enumerable.Range(301, 700).Select(number => $"line {number}\n")));
        var after = await LogTests.EntriesAsync(_far, _id, LogTests.IsGuest, 700);
        Assert.Equal(Enumerable.Range(1, 1000).Select(number => $"line {number}"), before.Concat(after).Select(entry => entry.Text("msg")));
        var (near, far) = (await _owner.AskAsync("log/query", _id, "\"from\":3,\"limit\":5"), await _far.AskAsync("log/query", _id, "\"from\":3,\"limit\":5"));
        Assert.Equal(near.GetProperty("payload").GetRawText(), far.GetProperty("payload").GetRawText());
        Assert.Equal(near.Number("next"), far.Number("next"));
        (await _far.AskAsync("log/unsubscribe", _id)).MustBeOk("log/unsubscribe");
    }

    [Fact]
    public async Task Who_reads_nothing_afar_is_not_read_for_and_misses_nothing_when_it_reads()
    {
        await using var slow = await cluster.ConnectAsync("node-3", reading: false);
        await slow.SendAsync($$"""{"type":"log/subscribe","instance_id":"{{_id}}","from":"start"}""");
        var text = string.Concat(Enumerable.Range(1, Flood).Select(number => string.Create(CultureInfo.InvariantCulture, $"{number} {new string('x', 60)}\n")));
        await WritesAsync(text);

        // Another one who reads has it all, while nothing of it waits for the first but a window.
        (await _far.AskAsync("log/subscribe", _id, "\"from\":\"start\"")).MustBeOk("log/subscribe");
        await CountAsync(_far);
        slow.Read();
        await CountAsync(slow);
    }

    [Fact]
    public async Task A_terminal_is_shared_by_people_at_two_nodes()
    {
        await using var auditor = await cluster.ConnectAsync("node-2");
        await TerminalTests.AttachAsync(_owner, _id, "operator");
        await TerminalTests.AttachAsync(_far, _id, "operator");
        await TerminalTests.AttachAsync(auditor, _id, "auditor");
        (await _far.AskAsync("terminal/input", _id, "\"data\":\"from afar\\r\"")).MustBeOk("terminal/input");
        (await _owner.AskAsync("terminal/input", _id, "\"data\":\"from here\\r\"")).MustBeOk("terminal/input");
        foreach (var screen in (RawConnection[])[_owner, _far, auditor])
        {
            await TerminalTests.SeeAsync(screen, _id, "from here");
        }

        (await _far.AskAsync("terminal/resize", _id, "\"cols\":100,\"rows\":30")).MustBeOk("terminal/resize");
        (await auditor.AskAsync("terminal/input", _id, "\"data\":\"x\"")).MustBeError(403, "auditor");
        (await _far.AskAsync("terminal/detach", _id)).MustBeOk("terminal/detach");
        (await _far.AskAsync("terminal/input", _id, "\"data\":\"x\"")).MustBeError(409);
    }

    [Fact]
    public async Task What_is_shown_and_typed_from_afar_is_recorded_where_the_vm_is()
    {
        var id = await _far.CreateRunningAsync(ClusterUnderTest.At("node-1") + ",\"meta\":{\"record_session\":true}");
        await TerminalTests.AttachAsync(_far, id, "operator");
        (await _far.AskAsync("terminal/input", id, "\"data\":\"from afar\\r\"")).MustBeOk("terminal/input");
        await TerminalTests.SeeAsync(_far, id, "from afar");
        var events = await Patience.UntilAsync(
            () => Recording.EventsAsync(Path.Combine(cluster.State, "node-1"), id),
            events => Recording.TypedBy(events, "anonymous").Contains("from afar", StringComparison.Ordinal),
            events => $"The recording does not come to what was typed: {string.Join('\n', events)}");
        Assert.Contains("from afar", string.Concat(events.Where(each => each.Code == "o").Select(each => each.Data)), StringComparison.Ordinal);

        // It is read through any node, and outlives its VM.
        await _far.BringAsync("vm/delete", id, "deleted");
        var there = await ExportAsync(id, "--data", Path.Combine(cluster.State, "node-1"));
        Assert.Contains("from afar", there, StringComparison.Ordinal);
        foreach (var node in (string[])["node-1", "node-2", "node-3"])
        {
            Assert.Equal(there, await ExportAsync(id, "--connect", $"{cluster.AddressOf(node)}:7411"));
        }

        var read = await _far.AskAsync("recording/query", id, "\"limit\":1");
        Assert.Equal(("node-1", true), (read.MustBeOk("recording/query").Text("node"), read.Flag("more")));
        (await _far.AskAsync("recording/query", id, "\"node\":\"node-2\"")).MustBeError(404, "no recording");
        (await _far.AskAsync("recording/query", id, "\"node\":\"node-9\"")).MustBeError(404, "node-1, node-2, node-3");
    }

    [Fact]
    public async Task What_is_followed_of_a_node_that_is_killed_ends_with_its_name_and_goes_on_when_it_is_back()
    {
        await using var two = await cluster.ConnectAsync("node-2");
        var id = await two.CreateRunningAsync(ClusterUnderTest.At("node-2"));
        (await _far.AskAsync("log/subscribe", id, "\"from\":\"start\"")).MustBeOk("log/subscribe");
        await _far.AskAsync("vm/state", id, "\"subscribe\":true");
        await cluster.ScriptAsync("kill", "node-2");
        (await _far.LineAsync(line => line.Type() == "mcp/error", "the end of the log")).MustBeError(503, "node-2");
        await _far.BroadcastAsync(id, "unreachable");
        await cluster.ScriptAsync("start", "node-2");
        await _far.BroadcastAsync(id, "running");
        await WireSteps.WhenPossibleAsync(() => _far.AskAsync("log/subscribe", id, "\"from\":\"start\""));
        await WireSteps.WhenPossibleAsync(() => _far.AskAsync("vm/suspend", id));

        // It asked once, and still hears of it.
        await _far.BroadcastAsync(id, "suspended");
    }

    private static Task<string> ExportAsync(string id, params string[] from) =>
        Run.CheckedAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "hydravisor.dll"), "recording", "export", id, .. from]);

    private Task WritesAsync(string text) => File.AppendAllTextAsync(Path.Combine(cluster.State, "node-1", "vms", _id, "log.0"), text);

    private static async Task CountAsync(RawConnection connection)
    {
        var next = 1;
        while (next <= Flood)
        {
            var line = await connection.LineAsync(line => line.Type() == "model/log" && line.RequestId() is null, $"entry {next}");
            foreach (var entry in line.GetProperty("payload").EnumerateArray())
            {
                Assert.False(entry.TryGetProperty("gap", out var gap), $"There is a gap: {gap}");
                if (LogTests.IsGuest(entry))
                {
                    Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"{next++} "), entry.Text("msg"), StringComparison.Ordinal);
                }
            }
        }
    }
}
