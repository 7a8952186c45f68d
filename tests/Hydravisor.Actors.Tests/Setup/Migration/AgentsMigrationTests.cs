using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Setup.Migration;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;

namespace Hydravisor.Actors.Tests.Setup.Migration;

/// <summary>What becomes of a node's agents when its journal moves.</summary>
[Collection(PostgresTests.Name)]
public sealed class AgentsMigrationTests(PostgresServer server) : JournalMigrationTest(server)
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Agent _builder = Agent.New(AgentKey.New(Now), ["trusted"], "builder");

    private AgentFile AgentFile => new(Directory, TimeProvider.System);

    private IAgentStore Shared => new PostgresAgents(Database);

    [Fact]
    public async Task The_agents_of_a_node_come_along_and_those_of_others_stay()
    {
        var other = Agent.New(AgentKey.New(Now), ["audited"], "other");
        await Shared.ChangeAsync(book => book.Add(other));
        Write(Some("web"));
        await AgentFile.ChangeAsync(book => book.Add(_builder));

        Assert.Equal(1, (await MigrateAsync(dryRun: true)).Agents);
        Assert.Single(await NamesAsync());
        Assert.Equal(1, (await MigrateAsync()).Agents);

        Assert.Equal(["other", "builder"], await NamesAsync());
        Assert.NotNull((await Shared.ReadAsync()).Find(_builder.Keys[0].Fingerprint, Now));
        Assert.False(System.IO.File.Exists(AgentFile.Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(AgentFile.Path + ".migrated"));
    }

    [Fact]
    public async Task A_node_without_agents_moves_as_well()
    {
        Write(Some("web"));

        Assert.Equal(0, (await MigrateAsync()).Agents);
        Assert.Empty(System.IO.Directory.GetFiles(Directory, "agents*"));
    }

    [Fact]
    public async Task An_agent_that_has_other_keys_there_keeps_the_journal_where_it_is()
    {
        await Shared.ChangeAsync(book => book.Add(_builder).Rotate(_builder.Fingerprint, AgentKey.New(Now), TimeSpan.Zero));
        Write(Some("web"));
        await AgentFile.ChangeAsync(book => book.Add(_builder));

        foreach (var isDry in (bool[])[true, false])
        {
            Assert.Contains("has other keys. Nothing was moved", (await Assert.ThrowsAsync<MigrationRefusedException>(() => MigrateAsync(isDry))).Message, StringComparison.Ordinal);
        }

        Assert.Empty(Ask(Database, "select 1 from journal union all select 1 from hydravisor_vm"));
        Assert.True(System.IO.File.Exists(File) && System.IO.File.Exists(AgentFile.Path));
    }

    [Fact]
    public async Task Where_the_move_fails_no_agent_is_there()
    {
        Write(Some("web"));
        await AgentFile.ChangeAsync(book => book.Add(_builder));
        await Shared.ChangeAsync(book => book.Add(Agent.New(AgentKey.New(Now), ["trusted"], "other")));
        PostgresServer.Execute(Database, """
            create function broken() returns trigger language plpgsql as $$ begin raise exception 'the disk is full' using errcode = '53100'; end $$;
            create constraint trigger zz_broken after insert on journal deferrable initially deferred for each row execute function broken()
            """);

        await Assert.ThrowsAsync<Actors.Setup.SettingException>(() => MigrateAsync());

        Assert.Equal(["other"], await NamesAsync());
        Assert.True(System.IO.File.Exists(AgentFile.Path));
    }

    [Fact]
    public async Task Ended_between_the_commit_and_the_new_names_it_is_finished_by_the_next_run()
    {
        Write(Some("web"));
        await AgentFile.ChangeAsync(book => book.Add(_builder));
        await Assert.ThrowsAsync<InvalidOperationException>(() => (Migration() with { Committed = () => throw new InvalidOperationException("ended") }).RunAsync(dryRun: false, CancellationToken.None));
        Assert.True(System.IO.File.Exists(AgentFile.Path));

        Assert.IsType<MigrationDecision.OnlyRename>((await MigrateAsync()).Decision);

        Assert.Equal(["builder"], await NamesAsync());
        Assert.Equal(["agents.json.migrated", "agents.lock"], System.IO.Directory.GetFiles(Directory, "agents*").Select(Path.GetFileName).Order());
    }

    private async Task<IEnumerable<string?>> NamesAsync() => (await Shared.ReadAsync()).Agents.Select(agent => agent.Name);
}
