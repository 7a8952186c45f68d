using Hydravisor.Actors.Tests.Audit;
using Hydravisor.Host.Verbs;

namespace Hydravisor.Host.Tests;

/// <summary>What <c>hydravisor journal migrate</c> says before it asks any database; the rest is in <c>JournalMigrationTests</c>, and end to end.</summary>
public sealed class JournalVerbTests : DataDirectoryTest
{
    private const string Nowhere = "postgresql://hydravisor@127.0.0.1:1/none";

    [Fact]
    public async Task Without_a_database_it_says_where_one_may_be_named()
    {
        Assert.Equal(ExitCode.Usage, await Run.RunAsync("journal", "migrate"));
        Assert.Equal("hydravisor: no database is given: --to postgresql://USER@HOST:PORT/DATABASE, or HYDRAVISOR_POSTGRESQL, or hydravisor.journal.postgresql\n", Run.Error);
    }

    [Theory]
    [InlineData("mysql://hv@h/j", "'mysql://hv@h/j' is no address of a PostgreSQL database")]
    [InlineData("postgresql://hv:geheim@h/j?nonsense=1", "a parameter 'nonsense'")]
    public async Task A_uri_that_is_wrong_is_a_wrong_command_line(string uri, string sentence)
    {
        Assert.Equal(ExitCode.Usage, await Run.RunAsync("journal", "migrate", "--to", uri));
        Assert.Contains(sentence, Run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", Run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_journal_is_that_is_4()
    {
        await File.WriteAllTextAsync(Path.Combine(DataDirectory, "node-name"), "node-1\n");
        Assert.Equal(ExitCode.Unreadable, await Run.RunAsync("journal", "migrate", "--to", Nowhere));
        Assert.Contains("there is no file", Run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_1()
    {
        Assert.Equal(ExitCode.Refused, await Run.RunAsync("journal", "migrate", "--to", Nowhere, "--data", DataDirectory + "/none"));
        Assert.Equal($"hydravisor: there is no directory {DataDirectory}/none\n", Run.Error);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_1_and_the_journal_stays()
    {
        await File.WriteAllTextAsync(Path.Combine(DataDirectory, "node-name"), "node-1\n");
        var journal = Path.Combine(DataDirectory, "journal.db");
        WrittenJournal.OfOneVm().Write(journal);
        Run.Variables["HYDRAVISOR_POSTGRESQL"] = Nowhere;
        Assert.Equal(ExitCode.Refused, await Run.RunAsync("journal", "migrate", "--dry-run"));
        Assert.Contains($"the journal {Nowhere} cannot be used", Run.Error, StringComparison.Ordinal);
        await using var again = new VerbRun();
        Assert.Equal(ExitCode.Refused, await again.RunAsync("journal", "migrate", "--to", Nowhere, "--data", DataDirectory));
        Assert.True(File.Exists(journal));
        Assert.Equal("", again.Output);
    }

    [Fact]
    public async Task A_broken_journal_is_1_with_the_first_findings_on_lines_of_their_own()
    {
        await File.WriteAllTextAsync(Path.Combine(DataDirectory, "node-name"), "node-1\n");
        var journal = Path.Combine(DataDirectory, "journal.db");
        WrittenJournal.OfOneVm().Write(journal);
        WrittenJournal.Alter(journal, "delete from journal where sequence_number = 3");
        Assert.Equal(ExitCode.Refused, await Run.RunAsync("journal", "migrate", "--to", Nowhere));
        Assert.Equal(
            $"hydravisor: {journal} is not as it was written (1 finding); to see all: hydravisor audit verify --journal {journal}\n"
            + $"  {WrittenJournal.StreamOf(WrittenJournal.Id)} 3: Event 3 is missing; a node removes none.\n",
            Run.Error);
    }
}
