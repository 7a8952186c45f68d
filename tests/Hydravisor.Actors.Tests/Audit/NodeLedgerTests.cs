using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Access.Agents;
using Hydravisor.Actors.Audit.Ledger;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Tests.Journal;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Audit;

/// <summary>The ledger over a journal that fails as planned.</summary>
public sealed class NodeLedgerTests(ITestOutputHelper output) : HydravisorSpec(output, PlannedJournal.Config)
{
    private static readonly Cause Asked = new(Agent: "anonymous", Role: "trusted", Connection: "c1");
    private static readonly LedgerEvents.Commanded Read = new("vm/list", null, 200);
    private readonly TemporaryDirectory _directory = new();

    private JournalPlan Plan => JournalPlan.Of(Sys);

    [Fact]
    public async Task What_is_recorded_stands_in_the_ledger_in_its_order_and_chained()
    {
        var ledger = Start();
        var many = Enumerable.Range(0, 600).Select(number => ledger.RecordAsync(Asked, new LedgerEvents.Commanded("vm/list", $"{number}", 200))).ToList();
        Assert.All(await Task.WhenAll(many).WaitAsync(Wait.Limit), Assert.Null);
        var stored = await ReadAsync();
        Assert.Equal(Enumerable.Range(0, 600).Select(number => $"{number}"), stored.Select(each => ((LedgerEvents.Commanded)each.Event).InstanceId));
        Assert.Null(ledger.Refusal);
    }

    [Fact]
    public async Task While_it_cannot_be_written_records_are_refused_and_nothing_may_be_changed_and_the_gap_is_written_down_afterwards()
    {
        var ledger = Start();
        Assert.Null(await Recorded(ledger));
        Plan.FailWrites(_ => true);
        Assert.Contains("full", await Recorded(ledger), StringComparison.Ordinal);
        Assert.Contains("ledger cannot be written", ledger.Refusal, StringComparison.Ordinal);
        ledger.Note(Asked, new LedgerEvents.Detached("vm-0123456789ab", "it was left", 7));
        Assert.NotNull(await Recorded(ledger));
        Plan.FailWrites(_ => false);
        await Wait.Until(() => ledger.Refusal is null, "the ledger written again");
        Assert.Null(await Recorded(ledger));
        var events = (await ReadAsync()).Select(each => each.Event).ToList();
        Assert.Equal(2, events.Count(each => each is LedgerEvents.Commanded));
        Assert.Equal(7, Assert.Single(events.OfType<LedgerEvents.Detached>()).TypedBytes);
        Assert.True(Assert.Single(events.OfType<LedgerEvents.Resumed>()).Refused >= 2);
    }

    [Fact]
    public async Task A_ledger_that_cannot_be_read_back_refuses_and_says_why()
    {
        Assert.Null(await Recorded(Start()));
        Plan.FailReplays(_ => true);
        var ledger = Start("again");
        Assert.Contains("made to fail", await Recorded(ledger), StringComparison.Ordinal);
        Plan.FailReplays(_ => false);
        await Wait.Until(() => ledger.Refusal is null, "the ledger written again");
    }

    [Fact]
    public async Task A_policy_and_agents_are_written_down_when_they_change_and_not_again_after_a_restart()
    {
        var access = new AccessControl(new Policy("trusted", "none"), AgentBook.Empty, null, TimeProvider.System);
        var ledger = Start();
        ledger.Follow(access);
        var agent = Agent.New(AgentKey.New(Samples.Noon), ["trusted"], "bot");
        access.Replace(AgentBook.Empty.Add(agent));
        Assert.Null(await Recorded(ledger));
        access.Replace(AgentBook.Empty.Add(agent).Revoke(agent.Fingerprint, Samples.Noon));
        access.Replace(new Policy("none", "none"));
        Assert.Null(await Recorded(ledger));
        var again = Start("again");
        again.Follow(access);
        Assert.Null(await Recorded(again));
        var events = (await ReadAsync()).Select(each => each.Event).ToList();
        Assert.Equal([new Policy("trusted", "none").Digest, new Policy("none", "none").Digest], events.OfType<LedgerEvents.PolicyInForce>().Select(each => each.Digest));
        Assert.Equal([AgentChange.Added, AgentChange.Revoked], events.OfType<LedgerEvents.AgentChanged>().Select(each => each.Change));
        Assert.All(events.OfType<LedgerEvents.AgentChanged>(), each => Assert.DoesNotContain(Convert.ToBase64String(agent.Keys[0].Key), each.Facts, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_one_in_memory_does_as_the_real_one()
    {
        var fake = new HeardLedger();
        Assert.Null(await fake.RecordAsync(Asked, Read));
        fake.Refuse("full");
        Assert.Equal("full", await fake.RecordAsync(Asked, Read));
        fake.Note(Asked, Read);
        Assert.Equal(2, fake.Heard.Count);
        Assert.Equal("full", fake.Refusal);
    }

    [Fact]
    public void A_reserve_takes_its_room_and_gives_it_when_the_disk_has_less()
    {
        Assert.Null(new DiskReserve(_directory.Path, 1 << 20).Look());
        Assert.Equal(1 << 20, new FileInfo(Path.Combine(_directory.Path, DiskReserve.Name)).Length);
        Assert.Contains("make room", new DiskReserve(_directory.Path, long.MaxValue / 4).Look(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_directory.Path, DiskReserve.Name)));
        Assert.Null(new DiskReserve(_directory.Path, 0).Look());
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _directory.Dispose();
    }

    private static Task<string?> Recorded(NodeLedger ledger) => ledger.RecordAsync(Asked, Read).WaitAsync(Wait.Limit);

    private NodeLedger Start(string? name = null)
    {
        var reserve = new DiskReserve(_directory.Path, 0);
        return NodeLedger.Start(Sys, new LedgerParts(Samples.Node, reserve, TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(50), TimeProvider.System), name);
    }

    // By a reader of its own, which checks the chain on the way.
    private async Task<IReadOnlyList<StoredEvent>> ReadAsync()
    {
        var probe = CreateTestProbe();
        Sys.ActorOf(Props.Create(() => new StreamReader(LedgerWriter.StreamOf(Samples.Node), probe.Ref)));
        return await probe.ExpectMsgAsync<List<StoredEvent>>(Wait.Limit);
    }

    private sealed class StreamReader(string stream, IActorRef to) : Akka.Persistence.UntypedPersistentActor
    {
        private readonly List<StoredEvent> _read = [];

        public override string PersistenceId => stream;

        protected override void OnRecover(object message)
        {
            if (message is StoredEvent stored)
            {
                stored.VerifyFollows(stream, _read.Count + 1, _read.Count == 0 ? EventHash.Start : _read[^1].Hash);
                _read.Add(stored);
            }
            else if (message is Akka.Persistence.RecoveryCompleted)
            {
                to.Tell(_read);
                Context.Stop(Self);
            }
        }

        protected override void OnCommand(object message)
        {
        }
    }
}
