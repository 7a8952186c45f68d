using System.Collections.Concurrent;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Doctor;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;

namespace Hydravisor.Actors.Tests.Setup;

/// <summary>Whom a node lets in that has its journal in a database.</summary>
[Collection(PostgresTests.Name)]
public sealed class NodeAccessTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly TemporaryDirectory _directory = new();
    private readonly ConcurrentQueue<string> _reports = new();
    private readonly JournalAddress.Database _database;
    private readonly NodeSettings _settings;

    public NodeAccessTests(PostgresServer server)
    {
        _database = server.CreateDatabase();
        _settings = NodeSettings.Read(NodeConfig.Load(Path.Combine(AppContext.BaseDirectory, "hocon"), "node", name => name switch
        {
            "HYDRAVISOR_DATA" => _directory.Path,
            "HYDRAVISOR_POSTGRESQL" => server.UriOf(_database),
            _ => null,
        }));
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Agents_of_the_database_are_let_in_and_a_file_that_lies_there_is_said_to_be_not_looked_at()
    {
        var (shared, own) = (Agent.New(AgentKey.New(Now), ["trusted"], null), Agent.New(AgentKey.New(Now), ["trusted"], null));
        await new PostgresAgents(_database).ChangeAsync(book => book.Add(shared));
        await new AgentFile(_directory.Path, TimeProvider.System).ChangeAsync(book => book.Add(own));

        await using var access = await NodeAccess.OpenAsync(_settings, TimeProvider.System, _reports.Enqueue);

        Assert.Equal([shared.Fingerprint], access.Control.Agents.Agents.Select(agent => agent.Fingerprint));
        Assert.Contains($"agents.json has 1 agent and is not looked at: the agents are in {Shown()}", Assert.Single(_reports), StringComparison.Ordinal);
        Assert.Contains($"hydravisor agent migrate --data {_directory.Path}", Assert.Single(_reports), StringComparison.Ordinal);
        Assert.Equal(Severity.Warning, AgentsFinding().Severity);
    }

    [Fact]
    public async Task A_revocation_is_in_force_when_the_node_was_told_to_look()
    {
        var agent = Agent.New(AgentKey.New(Now), ["trusted"], null);
        await new PostgresAgents(_database).ChangeAsync(book => book.Add(agent));
        await using var access = await NodeAccess.OpenAsync(_settings, TimeProvider.System, _reports.Enqueue);
        Assert.NotNull(access.Control.Agents.Find(agent.Fingerprint, Now));

        await new PostgresAgents(_database).ChangeAsync(book => book.Revoke(agent.Fingerprint, Now));
        await access.ReloadAsync(_settings.Policy);

        Assert.Null(access.Control.Agents.Find(agent.Fingerprint, Now));
        Assert.Empty(_reports);
        Assert.Equal(Severity.Ok, AgentsFinding().Severity);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_named_and_stops_nothing()
    {
        await new PostgresAgents(_database).ChangeAsync(book => book.Add(Agent.New(AgentKey.New(Now), ["trusted"], null)));
        File.WriteAllText(Path.Combine(_directory.Path, AgentFile.Name), "garbage");

        await using var access = await NodeAccess.OpenAsync(_settings, TimeProvider.System, _reports.Enqueue);

        Assert.Single(access.Control.Agents.Agents);
        Assert.Contains("is not looked at", Assert.Single(_reports), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_database_there_is_no_beginning()
    {
        var settings = _settings with { Journal = new JournalAddress.Database("Host=127.0.0.1;Port=1;Username=hv;Database=none") };

        var refused = await Assert.ThrowsAsync<SettingException>(() => NodeAccess.OpenAsync(settings, TimeProvider.System, _reports.Enqueue));

        Assert.Contains("the agents in postgresql://hv@127.0.0.1:1/none cannot be read: the database does not answer", refused.Message, StringComparison.Ordinal);
    }

    private string Shown() => NodeJournal.AddressOf(_settings).ToString()!;

    private Finding AgentsFinding() => new Examination(_settings, () => throw new InvalidOperationException("not asked")).Agents();
}
