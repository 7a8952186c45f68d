using System.Text.Json;
using Hydravisor.Actors.Tests.Audit;
using Hydravisor.Host.Verbs;
using Microsoft.Data.Sqlite;

namespace Hydravisor.Host.Tests;

public sealed class AuditVerbTests : DataDirectoryTest
{
    private static readonly string Vm = WrittenJournal.Id.Value;
    private static readonly string Stream = WrittenJournal.StreamOf(WrittenJournal.Id);

    private string Journal => Path.Combine(DataDirectory, "journal.db");

    public override Task InitializeAsync()
    {
        WrittenJournal.OfOneVm().Write(Journal);
        return base.InitializeAsync();
    }

    [Fact]
    public async Task A_clean_journal_is_0_and_says_how_much_was_checked()
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "verify"));

        Assert.Matches(@"^2 streams, 8 events, \d+ events/s: nothing was found\n$", Run.Output);
    }

    [Fact]
    public async Task It_is_checked_while_a_node_writes_to_it()
    {
        using var node = new SqliteConnection($"Data Source={Journal};Pooling=False");
        node.Open();
        using var writing = node.BeginTransaction();
        using var delete = node.CreateCommand();
        delete.CommandText = "delete from journal where sequence_number = 2";
        delete.ExecuteNonQuery();

        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "verify", "--data", DataDirectory));
    }

    [Fact]
    public async Task A_finding_is_1_and_names_the_record()
    {
        WrittenJournal.Alter(Journal, "update journal set manifest = 'vm.resumed.v1' where persistence_id = $0 and sequence_number = 4", Stream);

        Assert.Equal(1, await Run.RunAsync("audit", "verify", "--journal", Journal, "-o", "json"));

        using var json = JsonDocument.Parse(Run.Output);
        var finding = Assert.Single(json.RootElement.GetProperty("findings").EnumerateArray());
        Assert.Equal((Stream, 4, "altered"), (finding.GetProperty("stream").GetString(), finding.GetProperty("sequence").GetInt64(), finding.GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task What_a_later_version_wrote_is_checked_by_its_hash()
    {
        WrittenJournal.Alter(Journal, "update journal set manifest = 'vm.dreamt.v9' where persistence_id = $0 and sequence_number = 7", Stream);
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "verify"));

        await using var at = new VerbRun();
        Assert.Equal(ExitCode.Refused, await at.RunAsync("audit", "at", "2026-11-24", "--vm", Vm, "--journal", Journal));
        Assert.Contains("'vm.dreamt.v9' that this version does not know", at.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heads_that_were_kept_show_that_the_end_was_cut_off()
    {
        var heads = Path.Combine(DataDirectory, "heads.json");
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "verify", "--save-heads", heads));
        WrittenJournal.Alter(Journal, "delete from journal where persistence_id = $0 and sequence_number = 7", Stream);

        await using var without = new VerbRun();
        Assert.Equal(ExitCode.Ok, await without.RunAsync("audit", "verify", "--journal", Journal));
        await using var with = new VerbRun();
        Assert.Equal(1, await with.RunAsync("audit", "verify", "--journal", Journal, "--heads", heads));
        Assert.StartsWith($"truncated  {Stream} 7: The stream ends with event 6, and the head that was given knows 7.\n", with.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "there is no file")]
    [InlineData("this is no database, and long enough that SQLite would see it if it were one", "is no SQLite file")]
    [InlineData("", "without the tables of a journal")]
    public async Task What_is_no_journal_is_4_and_said(string? content, string said)
    {
        var file = Path.Combine(DataDirectory, "other.db");
        if (content is not null)
        {
            await File.WriteAllTextAsync(file, content);
        }

        Assert.Equal(ExitCode.Unreadable, await Run.RunAsync("audit", "verify", "--journal", file));
        Assert.Contains(said, Run.Error, StringComparison.Ordinal);
        Assert.Empty(Run.Output);
    }

    [Fact]
    public async Task A_locked_journal_is_4_and_says_what_to_do()
    {
        // A copy has no write-ahead log, with which readers never wait.
        var copy = Path.Combine(DataDirectory, "copy.db");
        WrittenJournal.Alter(Journal, "vacuum into $0", copy);
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "verify", "--journal", copy));
        using var holder = new SqliteConnection($"Data Source={copy};Pooling=False");
        holder.Open();
        using var held = holder.CreateCommand();
        held.CommandText = "begin exclusive";
        held.ExecuteNonQuery();

        Assert.Equal(ExitCode.Unreadable, await Run.RunAsync("audit", "verify", "--journal", copy));
        Assert.Contains("is locked by another program", Run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", ExitCode.Ok)]
    [InlineData("[1]", ExitCode.Unreadable)]
    [InlineData("""{"a":{"sequence":1,"hash":"AA"}}""", ExitCode.Unreadable)]
    [InlineData("""{"gone":{"sequence":1,"hash":"0000000000000000000000000000000000000000000000000000000000000000"}}""", ExitCode.Refused)]
    public async Task Heads_are_checked(string content, int exitCode)
    {
        var heads = Path.Combine(DataDirectory, "heads.json");
        await File.WriteAllTextAsync(heads, content);
        Assert.Equal(exitCode, await Run.RunAsync("audit", "verify", "--heads", heads));
    }

    [Fact]
    public async Task Show_lists_who_did_what()
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "show", "--vm", Vm, "--since", "2026-11-23T12:04:00Z"));

        var lines = Run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Length);
        Assert.Matches(@"^TIME +STREAM +NUMBER +EVENT +AGENT +ROLE +REQUEST +RULE +DETAIL$", lines[0]);
        Assert.EndsWith("guest:console", lines[1], StringComparison.Ordinal);
        Assert.Matches(@"^2026-11-23T12:05:00\.0000000Z +vm\|node-1\|vm-0123456789ab +6 +vm\.suspend-accepted\.v1 +a1f0 +operator +request-1 +suspend-rule +-$", lines[2]);
    }

    [Fact]
    public async Task Show_by_agent_writes_an_object_a_line()
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "show", "--agent", WrittenJournal.Agent, "-o", "json"));

        var events = Run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString());
        Assert.Equal(["registry.registered.v1", "vm.created.v1", "vm.suspend-accepted.v1"], events);
    }

    [Fact]
    public async Task At_says_how_a_vm_was_and_what_let_it_be_so()
    {
        Assert.Equal(ExitCode.Ok, await Run.RunAsync("audit", "at", "2026-11-23T12:04:30Z", "--vm", Vm, "-o", "json"));

        using var json = JsonDocument.Parse(Run.Output);
        var past = json.RootElement;
        Assert.Equal(("running", 1, WrittenJournal.Agent), (past.GetProperty("state").GetString(), past.GetProperty("incarnation").GetInt64(), past.GetProperty("owner").GetString()));
        Assert.Equal((new string('d', 64), "create-rule"), (past.GetProperty("policy").GetProperty("digest").GetString(), past.GetProperty("policy").GetProperty("rule").GetString()));
    }

    [Fact]
    public async Task At_before_its_time_is_1()
    {
        Assert.Equal(ExitCode.Refused, await Run.RunAsync("audit", "at", "2026-11-23T11:59:59Z", "--vm", Vm));
        Assert.Contains($"{Vm} was not there at 2026-11-23T11:59:59", Run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("audit")]
    [InlineData("audit", "at", "2026-11-23")]
    [InlineData("audit", "at", "yesterday-ish", "--vm", "vm-0123456789ab")]
    [InlineData("audit", "show", "--vm", "web")]
    [InlineData("audit", "show", "--since", "soon")]
    [InlineData("audit", "verify", "-o", "table")]
    [InlineData("audit", "verify", "--data", "a", "--journal", "b")]
    public async Task A_wrong_command_line_is_2(params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await Run.RunAsync(args));
        Assert.Empty(Run.Output);
    }
}
