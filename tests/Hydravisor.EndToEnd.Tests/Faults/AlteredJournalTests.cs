using System.Text;
using Hydravisor.EndToEnd.Tests.Harness;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Faults;

/// <summary>Somebody, or the disk, changed what was stored.</summary>
public class AlteredJournalTests(ITestOutputHelper output) : EndToEndTest(output)
{
    [Theory]
    [InlineData("\"os\":\"tiny\"", "\"os\":\"tinY\"")]
    [InlineData("\"cause\":", "\"cause;:")]
    public async Task A_vm_whose_journal_was_altered_is_refused_and_the_others_live_on(string stored, string altered)
    {
        var node = await StartNodeAsync();
        var (victim, other) = await DoAsync(node, async connection => (await connection.CreateRunningAsync(), await connection.CreateRunningAsync()));
        await node.KillAsync();
        Alter(node, "vm|%|" + victim, sequence: 1, stored, altered);
        var from = node.Output.Count;
        await node.StartAsync();
        await node.Output.LineAsync(
            line => line.Contains(victim, StringComparison.Ordinal) && line.Contains("ERR", StringComparison.Ordinal) && line.Contains("journal", StringComparison.Ordinal),
            from).InTimeAsync("the log names the VM", () => node.Output.Tail);

        await DoAsync(node, async connection =>
        {
            var state = await connection.StateAsync(victim);
            Assert.Equal("failed", state.Text("state"));
            Assert.Contains("journal", state.Text("reason"), StringComparison.Ordinal);
            foreach (var change in (string[])["vm/suspend", "vm/stop", "vm/delete"])
            {
                (await connection.AskAsync(change, victim)).MustBeError(503, victim);
            }

            var list = (await connection.AskAsync("""{"type":"vm/list"}""")).GetProperty("instances").EnumerateArray().Select(vm => vm.Id());
            Assert.Equal(new[] { victim, other }.Order(), list.Order());
            Assert.Equal("running", (await connection.AskAsync("vm/state", other, "\"subscribe\":true")).Text("state"));
            await connection.BringAsync("vm/suspend", other, "suspended");
            return await connection.CreateRunningAsync();
        });
        Assert.Contains(victim, (await SimulatedWorld.OfAsync(node)).DomainIds);
    }

    [Fact]
    public async Task An_event_that_was_taken_out_is_noticed()
    {
        var node = await StartNodeAsync();
        var victim = await DoAsync(node, connection => connection.CreateRunningAsync());
        await node.KillAsync();
        Change(node, "delete from journal where persistence_id like $stream and sequence_number = 2", "vm|%|" + victim);
        await node.StartAsync();
        await node.Output.LineWithAsync("does not follow its predecessor");
        Assert.Equal("failed", (await DoAsync(node, connection => connection.StateAsync(victim))).Text("state"));
    }

    [Fact]
    public async Task A_node_whose_registry_was_altered_does_not_start_and_says_why()
    {
        var node = await StartNodeAsync();
        await DoAsync(node, connection => connection.CreateRunningAsync());
        await node.KillAsync();
        Alter(node, "node|%", sequence: 1, "\"os\":\"tiny\"", "\"os;:\"tiny\"");
        var (code, written) = await node.RunToEndAsync();
        Assert.Equal(1, code);
        Assert.Contains("stderr: hydravisor: the registry of VMs cannot be read back", written, StringComparison.Ordinal);
    }

    private static void Alter(NodeUnderTest node, string stream, long sequence, string stored, string altered)
    {
        using var journal = Open(node);
        using var select = journal.CreateCommand();
        select.CommandText = "select ordering, message from journal where persistence_id like $stream and sequence_number = $sequence";
        select.Parameters.AddWithValue("$stream", stream);
        select.Parameters.AddWithValue("$sequence", sequence);
        using var row = select.ExecuteReader();
        Assert.True(row.Read(), "There is no such event.");
        var (ordering, text) = (row.GetInt64(0), Encoding.UTF8.GetString((byte[])row.GetValue(1)));
        Assert.Contains(stored, text, StringComparison.Ordinal);
        using var update = journal.CreateCommand();
        update.CommandText = "update journal set message = $message where ordering = $ordering";
        update.Parameters.AddWithValue("$message", Encoding.UTF8.GetBytes(text.Replace(stored, altered, StringComparison.Ordinal)));
        update.Parameters.AddWithValue("$ordering", ordering);
        Assert.Equal(1, update.ExecuteNonQuery());
    }

    private static void Change(NodeUnderTest node, string sql, string stream)
    {
        using var journal = Open(node);
        using var change = journal.CreateCommand();
        change.CommandText = sql;
        change.Parameters.AddWithValue("$stream", stream);
        Assert.Equal(1, change.ExecuteNonQuery());
    }

    private static SqliteConnection Open(NodeUnderTest node)
    {
        var journal = new SqliteConnection($"Data Source={Path.Combine(node.Data, "journal.db")};Pooling=False");
        journal.Open();
        return journal;
    }
}
