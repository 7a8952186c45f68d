using System.Text.Json;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Host.Verbs;

namespace Hydravisor.Host.Tests;

/// <summary><c>hydravisor agent …</c> where the agents are in a database that nodes share.</summary>
[Collection(PostgresTests.Name)]
public sealed class SharedAgentVerbTests(PostgresServer server) : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hv-").FullName;
    private readonly List<VerbRun> _runs = [];
    private readonly JournalAddress.Database _database = server.CreateDatabase();

    private string Uri => server.UriOf(_database);

    private AgentFile OwnFile => new(_directory, TimeProvider.System);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var run in _runs)
        {
            await run.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task An_agent_that_is_added_at_one_node_is_known_at_another_until_it_is_revoked_anywhere()
    {
        using var added = JsonDocument.Parse((await RunAsync(ExitCode.Ok, "agent", "add", "--role", "trusted", "--name", "builder", "-o", "json", "--data", Node("one"))).Output);
        var fingerprint = added.RootElement.GetProperty("fingerprint").GetString()!;

        Assert.Contains(fingerprint, (await RunAsync(ExitCode.Ok, "agent", "list", "--data", Node("two"))).Output, StringComparison.Ordinal);
        await RunAsync(ExitCode.Ok, "agent", "rotate", "builder", "--data", Node("two"));
        Assert.Equal($"{fingerprint} revoked\n", (await RunAsync(ExitCode.Ok, "agent", "revoke", "builder", "--data", Node("two"))).Output);
        Assert.Contains("is revoked", (await RunAsync(ExitCode.Refused, "agent", "rotate", "builder", "--data", Node("one"))).Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_directory, "agents*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task The_database_is_found_in_the_data_directorys_own_settings_too()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "hydravisor.conf"), $"hydravisor.journal.postgresql = \"{Uri}\"");

        await RunAsync(ExitCode.Ok, isShared: false, "agent", "add", "--role", "trusted", "--name", "builder");

        Assert.Single((await BookAsync()).Agents);
    }

    [Fact]
    public async Task Verbs_at_once_on_several_nodes_lose_nothing()
    {
        var names = Enumerable.Range(0, 8).Select(number => $"agent-{number}").ToList();

        await Task.WhenAll(names.Select(name => Task.Run(() => NewRun().RunAsync("agent", "add", "--role", "trusted", "--name", name, "--data", Node(name)))));

        Assert.Equal(names, (await BookAsync()).Agents.Select(agent => agent.Name).Order());
    }

    [Theory]
    [InlineData("add", "--role", "trusted")]
    [InlineData("list")]
    [InlineData("revoke", "builder")]
    [InlineData("freeze", "builder")]
    public async Task A_database_that_cannot_be_reached_is_an_error_without_its_password(params string[] args)
    {
        var run = NewRun();
        run.Variables["HYDRAVISOR_POSTGRESQL"] = "postgresql://hv:geheim@127.0.0.1:1/none";

        Assert.Equal(ExitCode.Refused, await run.RunAsync(["agent", .. args]));

        Assert.Contains("the agents in postgresql://hv@127.0.0.1:1/none cannot be", run.Error, StringComparison.Ordinal);
        Assert.Contains("does not answer", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public async Task A_freeze_says_whether_a_node_of_the_database_runs()
    {
        await RunAsync(ExitCode.Ok, "agent", "add", "--role", "trusted", "--name", "builder");
        await RunAsync(ExitCode.Ok, "agent", "freeze", "builder", "--timeout", "0");
        Assert.False(await NodeRunsAsync());

        await using var claim = await NodeClaim.TakeAsync(_database, "two", TimeSpan.Zero, TimeProvider.System, _ => { });

        Assert.True(await NodeRunsAsync());
        Assert.NotNull((await BookAsync()).Agents[0].FrozenAt);
    }

    [Fact]
    public async Task The_agents_of_a_file_are_brought_to_the_others()
    {
        await RunAsync(ExitCode.Ok, "agent", "add", "--role", "trusted", "--name", "shared");
        await RunAsync(ExitCode.Ok, isShared: false, "agent", "add", "--role", "trusted", "--name", "own");

        var run = await RunAsync(ExitCode.Ok, "agent", "migrate");

        Assert.Equal("1 agent of agents.json came along; that is agents.json.migrated now. It holds keys: remove it when you need it no more.\n", run.Output);
        Assert.Equal(["shared", "own"], (await BookAsync()).Agents.Select(agent => agent.Name));
        Assert.False(File.Exists(OwnFile.Path));
        Assert.Contains("there is nothing to bring", (await RunAsync(ExitCode.Refused, "agent", "migrate")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agents_that_cannot_be_together_stay_where_they_are()
    {
        await RunAsync(ExitCode.Ok, "agent", "add", "--role", "trusted", "--name", "builder");
        await RunAsync(ExitCode.Ok, isShared: false, "agent", "add", "--role", "trusted", "--name", "builder");

        Assert.Contains("\"builder\" is taken", (await RunAsync(ExitCode.Refused, "agent", "migrate")).Error, StringComparison.Ordinal);

        Assert.Single((await BookAsync()).Agents);
        Assert.Single(OwnFile.Read().Agents);
        Assert.Contains("no database is named", (await RunAsync(ExitCode.Usage, isShared: false, "agent", "migrate")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_node_has_its_agents_in_a_database_a_verb_that_knows_none_changes_nothing()
    {
        using (DataDirectory.Open(_directory, "one"))
        {
            Assert.Contains("set HYDRAVISOR_POSTGRESQL", (await RunAsync(ExitCode.Refused, isShared: false, "agent", "add", "--role", "trusted")).Error, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(Path.Combine(_directory, "journal.db.migrated"), "");
        Assert.Contains("was moved into PostgreSQL", (await RunAsync(ExitCode.Refused, isShared: false, "agent", "list")).Error, StringComparison.Ordinal);
        Assert.False(File.Exists(OwnFile.Path));
    }

    private Task<AgentBook> BookAsync() => ((IAgentStore)new PostgresAgents(_database)).ReadAsync();

    private string Node(string name) => Path.Combine(_directory, name);

    private async Task<bool> NodeRunsAsync()
    {
        using var document = JsonDocument.Parse((await RunAsync(ExitCode.Ok, "agent", "freeze", "builder", "-o", "json")).Output);
        return document.RootElement.GetProperty("node_runs").GetBoolean();
    }

    private VerbRun NewRun(bool isShared = true)
    {
        var run = new VerbRun();
        run.Variables["HYDRAVISOR_DATA"] = _directory;
        if (isShared)
        {
            run.Variables["HYDRAVISOR_POSTGRESQL"] = Uri;
        }

        lock (_runs)
        {
            _runs.Add(run);
        }

        return run;
    }

    private Task<VerbRun> RunAsync(int exitCode, params string[] args) => RunAsync(exitCode, isShared: true, args);

    private async Task<VerbRun> RunAsync(int exitCode, bool isShared, params string[] args)
    {
        var run = NewRun(isShared);
        var ended = await run.RunAsync(args);
        Assert.True(ended == exitCode, $"ended with {ended}: {run.Error}");
        return run;
    }
}
