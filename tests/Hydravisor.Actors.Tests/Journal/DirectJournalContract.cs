using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.TestKit.Xunit2;
using CsCheck;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup;
using Hydravisor.Actors.Vms;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Journal;

/// <summary>Our journal and snapshot store beside the plugin's own, over one database.</summary>
public abstract class DirectJournalContract : TestKit
{
    private const string Journal = "akka.persistence.journal.sql";
    private const string Snapshots = "akka.persistence.snapshot-store.sql";

    private readonly ActorSystem _plain;
    private int _streams;

    private protected DirectJournalContract(JournalAddress journal, ITestOutputHelper output)
        : base(Wired(journal, ""), output: output) => _plain = ActorSystem.Create("plain", Wired(journal, $$"""
            {{Journal}}.class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
            {{Snapshots}}.class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
            """));

    /// <summary>Whether the store lets the plugin delete events.</summary>
    private protected abstract bool Deletes { get; }

    [Fact]
    public void What_one_wrote_the_other_replays_alike()
    {
        var numbers = Gen.OneOf(Gen.Long[0, 8], Gen.Const(long.MaxValue));
        Gen.Select(Gen.Int[0, 6], Gen.Long[0, 4], Gen.Long[0, 8], numbers, numbers, Gen.Bool).Sample(
            (count, deleteTo, from, to, max, oursWrites) =>
            {
                var stream = $"vm|node|{_streams++}";
                Write(oursWrites ? Sys : _plain, stream, count);
                if (deleteTo > 0 && Deletes)
                {
                    Persistence.Instance.Apply(oursWrites ? _plain : Sys).JournalFor(Journal).Tell(new DeleteMessagesTo(stream, deleteTo, TestActor));
                    ExpectMsg<DeleteMessagesSuccess>();
                }

                var (ours, plain) = (Replay(Sys, stream, from, to, max), Replay(_plain, stream, from, to, max));
                Assert.Equal(plain.Events, ours.Events);
                // The plugin knows of none where all are before the first one asked for.
                Assert.Equal(count, ours.Highest);
                Assert.True(plain.Highest == ours.Highest || plain.Highest == 0, $"{plain.Highest}");
            },
            iter: 40,
            threads: 1);
    }

    [Fact]
    public void An_event_of_an_unknown_kind_fails_the_replay_and_not_the_journal()
    {
        Write(Sys, "vm|node|a", 2);
        Write(Sys, "vm|node|b", 2);
        Alter("update journal set manifest = 'vm.unheard-of.v9' where persistence_id = 'vm|node|a' and sequence_number = 2");

        Persistence.Instance.Apply(Sys).JournalFor(Journal).Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "vm|node|a", TestActor));
        ExpectMsg<ReplayedMessage>();
        Assert.Contains("vm.unheard-of.v9", ExpectMsg<ReplayMessagesFailure>().Cause.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, Replay(Sys, "vm|node|b", 1, long.MaxValue, long.MaxValue).Events.Count);
    }

    [Fact]
    public void The_newest_snapshot_is_found_as_the_plugin_finds_it()
    {
        Assert.Null(Load(Sys, "vm|node|a", SnapshotSelectionCriteria.Latest));
        foreach (var (system, number) in new[] { (Sys, 3L), (_plain, 7L) })
        {
            Persistence.Instance.Apply(system).SnapshotStoreFor(Snapshots).Tell(
                new SaveSnapshot(new SnapshotMetadata("vm|node|a", number, DateTime.UnixEpoch.AddDays(number)), new VmSnapshot(VmState.None, new string('a', 63) + number)), TestActor);
            ExpectMsg<SaveSnapshotSuccess>();
        }

        foreach (var criteria in new[] { SnapshotSelectionCriteria.Latest, new SnapshotSelectionCriteria(5), new SnapshotSelectionCriteria(2) })
        {
            var (ours, plain) = (Load(Sys, "vm|node|a", criteria), Load(_plain, "vm|node|a", criteria));
            Assert.Equal(plain?.Metadata, ours?.Metadata);
            Assert.Equal(plain?.Snapshot, ours?.Snapshot);
        }

        Assert.Equal(7, Load(Sys, "vm|node|a", SnapshotSelectionCriteria.Latest)!.Metadata.SequenceNr);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Shutdown(_plain, verifySystemShutdown: true);
    }

    /// <summary>Does what the owner of the database can do.</summary>
    private protected abstract void Alter(string sql);

    private static Config Wired(JournalAddress journal, string classes)
    {
        var shipped = ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", "akka.conf")));
        return NodeConfig.WithJournal(ConfigurationFactory.ParseString(classes + "\nakka.test.single-expect-default = 20s").WithFallback(shipped), journal);
    }

    private void Write(ActorSystem system, string stream, int count)
    {
        if (count == 0)
        {
            return;
        }

        var head = EventHash.Start;
        var events = ImmutableList.CreateBuilder<IPersistentRepresentation>();
        for (var number = 1; number <= count; number++)
        {
            var stored = StoredEvent.Seal(
                VmEvents.Vocabulary, stream, number, DateTimeOffset.UnixEpoch, head, Cause.Observed("test"), new VmEvents.Provisioned(number));
            head = stored.Hash;
            events.Add(new Persistent(stored, number, stream, stored.Manifest, false, ActorRefs.NoSender, "writer", 1000 + number));
        }

        Persistence.Instance.Apply(system).JournalFor(Journal).Tell(new WriteMessages([new AtomicWrite(events.ToImmutable())], TestActor, 1), TestActor);
        ExpectMsg<WriteMessagesSuccessful>();
        for (var number = 1; number <= count; number++)
        {
            Assert.Equal(number, ExpectMsg<WriteMessageSuccess>().Persistent.SequenceNr);
        }
    }

    private (IReadOnlyList<string> Events, long Highest) Replay(ActorSystem system, string stream, long from, long to, long max)
    {
        Persistence.Instance.Apply(system).JournalFor(Journal).Tell(new ReplayMessages(from, to, max, stream, TestActor));
        var events = new List<string>();
        while (true)
        {
            switch (ExpectMsg<IJournalResponse>())
            {
                case ReplayedMessage { Persistent: var e }:
                    var stored = Assert.IsType<StoredEvent>(e.Payload);
                    events.Add($"{e.SequenceNr} {e.PersistenceId} {e.Manifest} {e.WriterGuid} {e.Timestamp} {e.IsDeleted} {stored.Hash.Hex} {stored.Event}");
                    break;
                case RecoverySuccess success:
                    return (events, success.HighestSequenceNr);
                case var other:
                    Assert.Fail($"{other}");
                    break;
            }
        }
    }

    private SelectedSnapshot? Load(ActorSystem system, string stream, SnapshotSelectionCriteria criteria)
    {
        Persistence.Instance.Apply(system).SnapshotStoreFor(Snapshots).Tell(new LoadSnapshot(stream, criteria, long.MaxValue), TestActor);
        return ExpectMsg<LoadSnapshotResult>().Snapshot;
    }
}
