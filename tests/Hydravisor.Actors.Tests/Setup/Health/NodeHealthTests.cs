using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Akka.Actor;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Setup.Health;
using Hydravisor.Actors.Tests.Journal;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Setup.Health;

/// <summary>What a node tells of itself, with a stand-in for its host.</summary>
public sealed class NodeHealthTests(ITestOutputHelper output) : HydravisorSpec(output), IAsyncLifetime
{
    // Of it 1.5 s are for the answer, and the rest for a machine that is busy.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly TemporaryDirectory _directory = new();
    private readonly HeardLedger _ledger = new();
    private readonly NodeHealth _health = new("one", "libvirt", isClustered: false, TimeProvider.System);
    private HostHealth? _host = new(VmsAwaited: 0, HasHypervisor: true, Samples.Noon);
    private NodeJournal? _journal;

    private string JournalPath => Path.Combine(_directory.Path, "journal.db");

    public async Task InitializeAsync()
    {
        var settings = NodeSettings.Read(NodeConfig.Load(
            Path.Combine(AppContext.BaseDirectory, "hocon"), "development", variable => variable == "HYDRAVISOR_DATA" ? _directory.Path : null));
        _journal = await NodeJournal.OpenAsync(settings, "one", TimeProvider.System, _ => { });
    }

    public async Task DisposeAsync()
    {
        await _journal!.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_node_that_starts_is_alive_and_not_ready_and_says_what_it_is_at()
    {
        _health.Starts("opening the journal");
        var report = await _health.LookAsync();
        Assert.Equal((true, false), (report.Alive, report.Ready));
        Assert.Equal(("starting", "starting: opening the journal"), (report.Node.Status, report.Node.Reason));
        Assert.Equal(("opening", "unknown"), (report.Journal.Status, report.Hypervisor.Status));
    }

    [Fact]
    public async Task A_node_that_recovers_says_how_many_VMs_are_still_to_come()
    {
        Watch(_health);
        _host = new HostHealth(VmsAwaited: 7, HasHypervisor: true, Samples.Noon);
        var report = await _health.LookAsync();
        Assert.Equal((true, false, "starting: recovering 7 VMs"), (report.Alive, report.Ready, report.Node.Reason));
    }

    [Fact]
    public async Task A_node_that_serves_is_alive_and_ready_and_says_so_in_JSON()
    {
        Serve(_health);
        var report = await _health.LookAsync();
        var json = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(report, HealthJson.Default.HealthReport)).RootElement;
        Assert.Equal("one", json.GetProperty("name").GetString());
        Assert.Matches(@"^\d+\.\d+\.\d+$", json.GetProperty("version").GetString());
        Assert.True(json.GetProperty("uptime_seconds").GetInt64() >= 0);
        Assert.Equal(
            """{"ok":true,"status":"serving"} {"ok":true,"status":"none"} {"ok":true,"status":"writable","kind":"sqlite"} {"ok":true,"status":"connected","kind":"libvirt"}""",
            string.Join(' ', new[] { "node", "cluster", "journal", "hypervisor" }.Select(part => json.GetProperty(part).GetRawText())));
        Assert.True(json.GetProperty("alive").GetBoolean() && json.GetProperty("ready").GetBoolean());
    }

    [Fact]
    public async Task A_node_whose_hypervisor_is_away_is_alive_and_not_ready_and_says_since_when()
    {
        Serve(_health);
        _host = new HostHealth(VmsAwaited: 0, HasHypervisor: false, Samples.Noon);
        var report = await _health.LookAsync();
        Assert.Equal((true, false), (report.Alive, report.Ready));
        Assert.Equal(("lost", Samples.Noon), (report.Hypervisor.Status, report.Hypervisor.Since));
    }

    [Fact]
    public async Task A_node_whose_host_does_not_answer_is_alive_and_not_ready()
    {
        Serve(_health);
        _host = null;
        var report = await InTime(_health.LookAsync());
        Assert.Equal((true, false, "the host's actor does not answer"), (report.Alive, report.Ready, report.Node.Reason));
        Assert.Equal("unknown", report.Hypervisor.Status);
    }

    [Fact]
    public async Task A_node_whose_actors_have_no_threads_is_not_alive_and_says_so_in_time()
    {
        using var release = new ManualResetEventSlim();
        var blocked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var system = ActorSystem.Create("hung", "akka.actor.default-dispatcher { type = ForkJoinDispatcher, dedicated-thread-pool { thread-count = 1, threadtype = background } }");
        try
        {
            var health = new NodeHealth("hung", "libvirt", isClustered: false, TimeProvider.System);
            health.Watch(_journal!);
            health.Watch(system, system.ActorOf(Props.Create(() => new Host(() => _host))));
            health.Serves();
            Assert.True((await health.LookAsync()).Ready);
            system.ActorOf(Props.Create(() => new Host(() => Block(blocked, release)))).Tell(HostHealth.Query.Instance, ActorRefs.NoSender);
            await Wait.For(blocked.Task, "the only thread is taken");
            var report = await InTime(health.LookAsync());
            Assert.Equal((false, false, "the actor system does not answer"), (report.Alive, report.Ready, report.Node.Reason));
        }
        finally
        {
            release.Set();
            await system.Terminate();
        }
    }

    [Fact]
    public async Task A_node_that_stops_is_alive_and_not_ready_to_its_end_unless_that_never_comes()
    {
        var time = new HandTime();
        var health = new NodeHealth("one", "libvirt", isClustered: false, time);
        Serve(health);
        await CoordinatedShutdown.Get(Sys).Run(CoordinatedShutdown.UnknownReason.Instance);
        var report = await health.LookAsync();
        Assert.Equal((true, false, "draining"), (report.Alive, report.Ready, report.Node.Status));
        time.Pass(TimeSpan.FromMinutes(3));
        Assert.True((await health.LookAsync()).Alive);
        time.Pass(TimeSpan.FromSeconds(1));
        report = await health.LookAsync();
        Assert.Equal((false, false, "hangs"), (report.Alive, report.Ready, report.Node.Status));
    }

    [Fact]
    public async Task A_node_in_a_minority_is_alive_and_not_ready_and_one_in_the_majority_is()
    {
        var (health, members) = (new NodeHealth("one", "libvirt", isClustered: true, TimeProvider.System), new Members("one"));
        Serve(health);
        Assert.Equal((false, "joining"), await ClusterAsync());
        health.Watch(members);
        Assert.Equal((false, "joining"), await ClusterAsync());
        members.Set(Seen(two: true, three: false));
        var most = await health.LookAsync();
        Assert.Equal((true, true, "up", false), (most.Alive, most.Ready, most.Cluster.Status, most.Cluster.Minority));
        Assert.Equal(["one", "three", "two"], most.Cluster.Members!);
        Assert.Equal(["three"], most.Cluster.Unreachable!);
        members.Set(Seen(two: false, three: false));
        var few = await health.LookAsync();
        Assert.Equal((true, false, "up", true), (few.Alive, few.Ready, few.Cluster.Status, few.Cluster.Minority));
        Assert.Contains("1 of the 3 nodes", few.Cluster.Reason, StringComparison.Ordinal);

        async Task<(bool, string)> ClusterAsync() => (await health.LookAsync()).Cluster is var part ? (part.Ok, part.Status) : default;
    }

    [Fact]
    public async Task A_node_whose_journal_another_program_holds_is_alive_and_not_ready_until_it_lets_go()
    {
        Serve(_health);
        using (var other = new SqliteConnection($"Data Source={JournalPath};Pooling=False"))
        {
            other.Open();
            Execute(other, "begin immediate");
            await Wait.Until(async () => !(await _health.LookAsync()).Journal.Ok, "the lock is noticed");
            var report = await _health.LookAsync();
            Assert.Equal((true, false, "sqlite"), (report.Alive, report.Ready, report.Journal.Kind));
            Execute(other, "rollback");
        }

        await Wait.Until(async () => (await _health.LookAsync()).Ready, "it is let go");
    }

    [Fact]
    public async Task A_node_whose_journal_is_gone_is_alive_and_not_ready_and_says_since_when()
    {
        Serve(_health);
        SqliteConnection.ClearAllPools();
        File.Delete(JournalPath);
        var before = DateTimeOffset.UtcNow;
        await Wait.Until(async () => !(await _health.LookAsync()).Journal.Ok, "it is noticed");
        var part = (await _health.LookAsync()).Journal;
        Assert.Equal("unwritable", part.Status);
        Assert.InRange(part.Since!.Value, before, DateTimeOffset.UtcNow);
        Assert.False(File.Exists(JournalPath), "Who looks makes no journal.");
    }

    [Fact]
    public async Task A_node_that_may_change_nothing_is_alive_and_not_ready_and_keeps_the_words_of_libraries_to_itself()
    {
        Serve(_health);
        _ledger.Refuse("password=geheim is wrong");
        var report = await _health.LookAsync();
        Assert.Equal((true, false, "refuses"), (report.Alive, report.Ready, report.Journal.Status));
        Assert.DoesNotContain("geheim", JsonSerializer.Serialize(report, HealthJson.Default.HealthReport), StringComparison.Ordinal);
        _ledger.Refuse(null);
        Assert.True((await _health.LookAsync()).Ready);
    }

    private static HostHealth? Block(TaskCompletionSource blocked, ManualResetEventSlim release)
    {
        blocked.SetResult();
        release.Wait();
        return null;
    }

    private static async Task<HealthReport> InTime(Task<HealthReport> look)
    {
        var clock = Stopwatch.StartNew();
        var report = await look;
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Soon);
        return report;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static ImmutableSortedDictionary<string, Member> Seen(bool two, bool three) => new (string Name, bool IsSeen)[] { ("one", true), ("two", two), ("three", three) }.ToImmutableSortedDictionary(
        node => node.Name,
        node => new Member(node.Name, new Address("akka", "x", node.Name, 1), 1, MemberStanding.Up, node.IsSeen, Samples.Noon),
        StringComparer.Ordinal);

    private void Serve(NodeHealth health)
    {
        Watch(health);
        health.Serves();
    }

    private void Watch(NodeHealth health)
    {
        health.Watch(_journal!);
        health.Watch(_ledger);
        health.Watch(Sys, Sys.ActorOf(Props.Create(() => new Host(() => _host)), "host"));
    }

    // A host that answers what the test says, or not at all.
    private sealed class Host(Func<HostHealth?> answer) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (answer() is { } now)
            {
                Sender.Tell(now);
            }
        }
    }
}
