using System.Text;
using Hydravisor.Actors.Audit.Checkpoints;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Serialization;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Journal;

/// <summary>What stands in journals: every event and snapshot in its stored form. A line that changes is a new version of its manifest, since
/// journals of years ago are replayed too.</summary>
public sealed class StoredFormTests(ITestOutputHelper output) : HydravisorSpec(output)
{
    private const string File = "Journal/stored-forms.golden";

    private static readonly Cause Asked = new(
        Agent: "anonymous", Role: "trusted", RequestId: "r-1", Connection: "c7", Rule: "anonymous.loopback", Policy: "sha256:00");

    private static readonly Cause Seen = Cause.Observed("outcome:boot");

    private static readonly RegistryEntry Entry = new(
        Samples.Id, "web", "anonymous", "r-1", "digest", "tiny", Vcpus: 2, RamBytes: 512L << 20, DiskBytes: 4L << 30);

    private static readonly PlacementWish Placed = new(
        Samples.Node, new Dictionary<string, string> { ["zone"] = "a" }, new Dictionary<string, string> { ["app"] = "web" });

    private static readonly VmState Left = new()
    {
        Id = Samples.Id,
        Node = "node-1",
        Owner = "anonymous",
        RequestId = "r-1",
        RequestDigest = "digest",
        Spec = Samples.Spec() with { OnNodeLoss = OnNodeLoss.Restart },
        Phase = VmPhase.Running,
        Since = Samples.Noon,
        Incarnation = 1,
        Ready = true,
        Run = 7,
        LastOperation = 2,
        Revision = 5,
    };

    private static readonly IVmEvent[] Vm =
    [
        new VmEvents.Created(Samples.Id, Samples.Node, "anonymous", "r-1", "digest", Samples.Spec("deaf"), Operation: 1),
        new VmEvents.Provisioned(1),
        new VmEvents.BootBegun(1, BootTrigger.Created, Operation: 2, Run: 0),
        new VmEvents.DomainStarted(2, Run: 7),
        new VmEvents.GuestReady(1, "console"),
        new VmEvents.SuspendAccepted(3),
        new VmEvents.Suspended(3),
        new VmEvents.ResumeAccepted(4),
        new VmEvents.Resumed(4),
        new VmEvents.RebootAccepted(5),
        new VmEvents.StopAccepted(6, Forced: true),
        new VmEvents.Escalated(6, "the guest did not follow"),
        new VmEvents.Stopped(6, "stopped by force"),
        new VmEvents.OperationFailed(7, "why <&> \"ä\" 🐍"),
        new VmEvents.Failed("its QEMU process died"),
        new VmEvents.DeleteAccepted(8),
        new VmEvents.Deleted(8),
        new VmEvents.Created(Samples.Id, Samples.Node, "anonymous", "r-1", "digest", Samples.Spec() with { Placement = Placed }, Operation: 1),
        new VmEvents.Created(Samples.Id, Samples.Node, "anonymous", "r-1", "digest", Samples.Spec() with { OnNodeLoss = OnNodeLoss.Restart }, Operation: 1),
        new VmEvents.Adopted("node-2", new StreamHead("vm|node-1|" + Samples.Id.Value, 5, EventHash.Start.Hex), Left, Operation: 3),
        new VmEvents.BootBegun(2, BootTrigger.Adopted, Operation: 4, Run: 0),
        new VmEvents.MoveBegun("node-3", Starts: true),
        new VmEvents.MigrationBegun("node-3", Operation: 4),
        new VmEvents.Landed(Operation: 5, Run: 9),
        new VmEvents.MoveEnded("the node node-3 does not answer"),
        new VmEvents.BootBegun(3, BootTrigger.MoveEnded, Operation: 5, Run: 0),
        new VmEvents.Released("node-3"),
        new VmEvents.Adopted("node-3", new StreamHead("vm|node-1|" + Samples.Id.Value, 5, EventHash.Start.Hex), Left with { Move = new VmMove("node-3", Starts: true, IsReleased: true), Run = 0, Ready = false }, Operation: 3),
        new VmEvents.BootBegun(2, BootTrigger.Moved, Operation: 4, Run: 0),
    ];

    private static readonly object[] Registry =
        [new RegistryEvents.Registered(Entry), new RegistryEvents.Retired(Samples.Id, 3), new RegistryEvents.Voided(Samples.OtherId),
        new RegistryEvents.Registered(Entry with { Labels = new Dictionary<string, string> { ["app"] = "web" } }), new RegistryEvents.Drained("its disk is dying"), new RegistryEvents.Cordoned("its disk is dying"), new RegistryEvents.Resumed(), new RegistryEvents.Departed(Samples.Id, "node-2")];

    private static readonly Checkpoint Signed = new(
        Samples.Node, 1, "2026-11-23T12:00:00.0000000Z", EventHash.Start.Hex, 12, 11, new Dictionary<string, string> { ["node|node-1"] = Checkpoint.Head(3, EventHash.Start.Hex) }, "ff", "c2ln");

    private static readonly ILedgerEvent[] Ledger =
    [
        new LedgerEvents.NodeStarted("0.1.0", 42, "127.0.0.1:7411"),
        new LedgerEvents.PolicyInForce("aa", "hydravisor-policy.v1\nskew-ms 60000\n"),
        new LedgerEvents.AgentChanged("bb", AgentChange.Added, "bot", "roles sandboxed; name bot; key bb"),
        new LedgerEvents.Denied("vm/delete", Samples.Id.Value, 403, "the role may not", "127.0.0.1:5", "cc", "trusted", 3),
        new LedgerEvents.Attached(Samples.Id.Value, 1, "operator", Streamed: true, "127.0.0.1:5"),
        new LedgerEvents.Detached(Samples.Id.Value, "it was left", 12),
        new LedgerEvents.Executing(Samples.Id.Value, 1, "/bin/sh -c id", "dd", 3, "ee"),
        new LedgerEvents.Commanded("vm/list", null, 200),
        new LedgerEvents.Resumed(Samples.Noon, 2, "database or disk is full"),
        new LedgerEvents.NodeStopped(),
        new LedgerEvents.Executed(Samples.Id.Value, 1, "dd", 3, 200, null, 4, "ff", 0, null, Truncated: false),
    ];

    [Fact]
    public void Every_event_and_snapshot_is_stored_as_approved() => Golden.Check(File, string.Join('\n', Written()) + "\n");

    [Fact]
    public void Every_event_has_its_line_here()
    {
        Assert.Equal(VmEvents.Vocabulary.Words.Keys.Order(), Vm.Select(VmEvents.Vocabulary.ManifestOf).Distinct().Order());
        Assert.Equal(RegistryEvents.Vocabulary.Words.Keys.Order(), Registry.Select(RegistryEvents.Vocabulary.ManifestOf).Distinct().Order());
        Assert.Equal(LedgerEvents.Vocabulary.Words.Keys.Order(), Ledger.Select(LedgerEvents.Vocabulary.ManifestOf).Order());
    }

    [Fact]
    public void What_stands_in_a_journal_of_today_can_be_read_and_would_be_written_alike()
    {
        var serializer = new StoredEventSerializer((Akka.Actor.ExtendedActorSystem)Sys);
        var heads = new Dictionary<string, EventHash>();
        foreach (var line in System.IO.File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, File)))
        {
            var (manifest, bytes) = (line.Split(' ')[0], Encoding.UTF8.GetBytes(line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
            var read = serializer.FromBinary(bytes, manifest);
            Assert.Equal(Encoding.UTF8.GetString(bytes), Encoding.UTF8.GetString(serializer.ToBinary(read)));
            Assert.Equal(manifest, serializer.Manifest(read));
            if (read is StoredEvent stored)
            {
                var words = Array.Find([VmEvents.Vocabulary, RegistryEvents.Vocabulary, LedgerEvents.Vocabulary, Checkpoint.Vocabulary], each => each.Find(manifest) is not null)!;
                var again = StoredEvent.Seal(words, stored.Stream, stored.Sequence, stored.At, stored.Previous, stored.Cause, stored.Event);
                Assert.Equal(line, $"{manifest} {Encoding.UTF8.GetString(again.Bytes)}");
                stored.VerifyFollows(stored.Stream, stored.Sequence, heads.GetValueOrDefault(stored.Stream, EventHash.Start));
                heads[stored.Stream] = stored.Hash;
            }
        }
    }

    private IEnumerable<string> Written()
    {
        foreach (var stored in Sealed(VmActor.StreamOf(Samples.Node, Samples.Id), VmEvents.Vocabulary, Vm)
            .Concat(Sealed($"node|{Samples.Node}", RegistryEvents.Vocabulary, Registry))
            .Concat(Sealed($"ledger|{Samples.Node}", LedgerEvents.Vocabulary, Ledger))
            .Concat(Sealed(Checkpoint.StreamOf(Samples.Node), Checkpoint.Vocabulary, [Signed])))
        {
            yield return $"{stored.Manifest} {Encoding.UTF8.GetString(stored.Bytes)}";
        }

        var serializer = new StoredEventSerializer((Akka.Actor.ExtendedActorSystem)Sys);
        var state = Vm.Take(6).Aggregate(VmState.None, (state, each) => VmFold.Apply(state, each, Samples.Noon));
        foreach (var snapshot in new object[] { new VmSnapshot(state, EventHash.Start.Hex), new VmSnapshot(Left with { Node = "node-3", Arrival = new VmArrival("node-1", Starts: false) }, EventHash.Start.Hex), new RegistrySnapshot([Entry], EventHash.Start.Hex), new RegistrySnapshot([], EventHash.Start.Hex, new Cordon(Samples.Noon, "its disk is dying")), new LedgerSnapshot("aa", new Dictionary<string, string> { ["bb"] = "roles sandboxed" }, EventHash.Start.Hex), new CheckpointSnapshot(1, EventHash.Start.Hex, 12, 11, EventHash.Start.Hex) })
        {
            yield return $"{serializer.Manifest(snapshot)} {Encoding.UTF8.GetString(serializer.ToBinary(snapshot))}";
        }
    }

    private static IEnumerable<StoredEvent> Sealed(string stream, Vocabulary words, IEnumerable<object> events)
    {
        var head = EventHash.Start;
        foreach (var (index, each) in events.Index())
        {
            var stored = StoredEvent.Seal(words, stream, index + 1, Samples.Noon.AddSeconds(index), head, index % 2 == 0 ? Asked : Seen, each);
            head = stored.Hash;
            yield return stored;
        }
    }
}
