using System.Net;
using System.Net.Sockets;
using Hydravisor.Actors.Gateway.Tls;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Doctor;
using Hydravisor.Actors.Tests.Gateway.Tls;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Client.Tests;

namespace Hydravisor.Actors.Tests.Setup;

/// <summary>What the doctor says of the journal that nodes share, of certificates and of other nodes.</summary>
[Collection(PostgresTests.Name)]
public sealed class SurroundingsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TlsDirectory _tls = new();
    private readonly PostgresServer _server;
    private readonly NodeSettings _settings;

    public SurroundingsTests(PostgresServer server)
    {
        _server = server;
        _settings = NodeSettings.Read(NodeConfig.Load(Path.Combine(AppContext.BaseDirectory, "hocon"), "node", name => name == "HYDRAVISOR_DATA" ? _directory.Path : null));
    }

    public void Dispose()
    {
        _tls.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_node_by_itself_needs_nobody()
    {
        var findings = await ExamineAsync(_settings);
        Assert.Equal(["journal", "tls"], findings.Select(finding => finding.What));
        Assert.All(findings, finding => Assert.Equal(Severity.Ok, finding.Severity));
    }

    [Fact]
    public async Task A_database_that_answers_is_named_without_its_password()
    {
        var database = new JournalAddress.Database(_server.CreateDatabase().Text + ";Password=secret");
        var finding = await FindAsync("journal", _settings with { Journal = database });
        Assert.Equal(Severity.Ok, finding.Severity);
        Assert.Contains("answers; PostgreSQL ", finding.Found, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_an_error_with_what_to_do()
    {
        var away = new JournalAddress.Database($"Host=127.0.0.1;Port={LocalPort.Free()};Username=hydravisor;Password=secret;Database=hydravisor");
        var finding = await FindAsync("journal", _settings with { Journal = away });
        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains("HYDRAVISOR_POSTGRESQL", finding.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", finding.Found + finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_does_not_let_the_node_in_is_another_error()
    {
        var stranger = new JournalAddress.Database(_server.CreateDatabase().Text.Replace("Username=hydravisor", "Username=stranger", StringComparison.Ordinal));
        var finding = await FindAsync("journal", _settings with { Journal = stranger });
        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains("stranger", finding.Found, StringComparison.Ordinal);
        Assert.Contains("user", finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_that_was_moved_into_a_database_which_is_not_named_is_an_error()
    {
        await File.WriteAllTextAsync(Path.Combine(_directory.Path, "journal.db.migrated"), "");
        var finding = await FindAsync("journal", _settings);
        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains("names no database", finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_others_reach_and_that_speaks_no_tls_is_a_warning()
    {
        var open = _settings with { Gateway = _settings.Gateway with { Listen = new IPEndPoint(IPAddress.Any, 7411), Tls = null } };
        Assert.Equal(Severity.Warning, (await FindAsync("tls", open)).Severity);
    }

    [Theory]
    [InlineData(400, Severity.Ok, "valid until")]
    [InlineData(20, Severity.Warning, "expires soon")]
    [InlineData(-1, Severity.Error, "has expired")]
    public async Task A_certificate_is_judged_by_the_time_that_it_has_left(int days, object severity, string says)
    {
        _tls.Put(_tls.Authority.Node("first", DateTimeOffset.UtcNow.AddDays(days)));
        var finding = await FindAsync("tls", With(_tls.Settings));
        Assert.Equal((Severity)severity, finding.Severity);
        Assert.Contains(says, finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_files_that_cannot_be_used_are_an_error()
    {
        var finding = await FindAsync("tls", With(_tls.Settings with { Key = _tls.PathOf("none.key") }));
        Assert.Equal(Severity.Error, finding.Severity);
        Assert.Contains("none.key", finding.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, Severity.Ok, "valid until")]
    [InlineData(20, Severity.Warning, "expires soon")]
    [InlineData(-1, Severity.Error, "would not be let in")]
    public async Task So_is_the_one_that_other_nodes_are_shown(int days, object severity, string says)
    {
        _tls.Put(_tls.Authority.Node("first", DateTimeOffset.UtcNow.AddDays(days)));
        var finding = await FindAsync("cluster certificate", InCluster());
        Assert.Equal((Severity)severity, finding.Severity);
        Assert.Contains(says, finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_another_ca_would_not_be_let_in()
    {
        using var other = new TestAuthority("other");
        _tls.Put(other.Node());
        Assert.Contains("would not be let in", (await FindAsync("cluster certificate", InCluster())).Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Seeds_are_looked_for_and_the_node_itself_is_not()
    {
        using var there = new TcpListener(IPAddress.Loopback, 0);
        there.Start();
        var away = new IPEndPoint(IPAddress.Loopback, LocalPort.Free());
        var findings = (await ExamineAsync(InCluster((IPEndPoint)there.LocalEndpoint, away))).Where(finding => finding.What == "seed").ToList();
        Assert.Equal([Severity.Ok, Severity.Warning], findings.Select(finding => finding.Severity));
        Assert.StartsWith($"{there.LocalEndpoint} answers", findings[0].Found, StringComparison.Ordinal);
        Assert.StartsWith($"{away} does not answer", findings[1].Found, StringComparison.Ordinal);
    }

    private NodeSettings With(TlsSettings tls) => _settings with { Gateway = _settings.Gateway with { Tls = tls } };

    private NodeSettings InCluster(params IPEndPoint[] others) =>
        _settings with { Cluster = _tls.InCluster(new IPEndPoint(IPAddress.Loopback, LocalPort.Free()), others) };

    private static async Task<Finding> FindAsync(string what, NodeSettings settings) => Assert.Single(await ExamineAsync(settings), finding => finding.What == what);

    private static Task<IReadOnlyList<Finding>> ExamineAsync(NodeSettings settings) => new Surroundings(settings, TimeProvider.System).ExamineAsync(CancellationToken.None);
}
