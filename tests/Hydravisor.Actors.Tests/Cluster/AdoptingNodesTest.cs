using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Npgsql;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>Nodes that write VMs into one database, as their actors would.</summary>
public abstract class AdoptingNodesTest(PostgresServer server) : ClaimedNodesTest(server)
{
    private protected static readonly Cause Seen = Cause.Observed("a test");

    private protected static StoredEvent After(StoredEvent before, IVmEvent then) =>
        StoredEvent.Seal(VmEvents.Vocabulary, before.Stream, before.Sequence + 1, Samples.Noon, before.Hash, Seen, then);

    private protected static StoredEvent Next(VmLeft left, IVmEvent then, string node) =>
        StoredEvent.Seal(VmEvents.Vocabulary, VmActor.StreamOf(node, left.State.Id!), left.Head.Sequence + 1, Samples.Noon, EventHash.Parse(left.Head.Hash), Seen, then);

    private protected static string Refused(Action act) => Assert.Throws<PostgresException>(act).SqlState;

    private protected static void Write(Claimed node, StoredEvent stored) => PostgresServer.Execute(
        node.Claim.Journal,
        "insert into journal (created, deleted, persistence_id, sequence_number, manifest, message, identifier) values (0, false, $1, $2, $3, $4, 7411)",
        stored.Stream, stored.Sequence, stored.Manifest, stored.Bytes);

    private protected static async Task FenceAsync(Claimed by, Claimed lost) => await new PostgresStandings(by.Store, by.Name).FenceAsync(lost.Name, lost.Claim.Epoch);

    private protected static async Task<VmLeft> LeftAsync(Claimed node, InstanceId id) => Assert.IsType<VmLeft>(await node.Adoptions.FindAsync(id));

    private protected static StoredEvent Adopt(Claimed node, VmLeft left)
    {
        var adopted = StoredEvent.Seal(
            VmEvents.Vocabulary, VmActor.StreamOf(node.Name, left.State.Id!), 1, Samples.Noon.AddMinutes(1), EventHash.Start, Seen, Assert.Single(VmDecider.DecideAdoption(VmState.None, node.Name, left)));
        Write(node, adopted);
        return adopted;
    }

    // Made, and booting.
    private protected static StoredEvent Created(Claimed node, InstanceId id)
    {
        var spec = Samples.Spec() with { Name = id.Value, OnNodeLoss = OnNodeLoss.Restart };
        var stored = StoredEvent.Seal(
            VmEvents.Vocabulary, VmActor.StreamOf(node.Name, id), 1, Samples.Noon, EventHash.Start, Seen, new VmEvents.Created(id, node.Name, "anonymous", null, "digest", spec, Operation: 1));
        Write(node, stored);
        foreach (var then in new IVmEvent[] { new VmEvents.Provisioned(1), new VmEvents.BootBegun(1, BootTrigger.Created, Operation: 2, Run: 0) })
        {
            stored = After(stored, then);
            Write(node, stored);
        }

        return stored;
    }

    private protected List<ChainFinding> Findings()
    {
        using var reader = JournalReader.Open(Database);
        return [.. JournalCheck.Run(reader, heads: null, keys: [], witnessed: [], CancellationToken.None).Findings];
    }

    private protected async Task<Claimed> AgainAsync(Claimed before)
    {
        await LeaveAsync(before);
        return await TakeAsync(before.Name);
    }

    private protected Task LeaveAsync(Claimed node) => LeaveAsync(node.Claim, node.Name);

    private protected async Task<Claimed> TakeAsync(string node)
    {
        var (claim, store) = await TakeAsync(node, "127.0.0.1:7412");
        return new Claimed(node, claim, store, new PostgresAdoptions(store));
    }

    private protected sealed record Claimed(string Name, NodeClaim Claim, SharedStore Store, PostgresAdoptions Adoptions);
}

/// <summary>Reads an adoption.</summary>
internal static class Adopted
{
    public static long Operation(this StoredEvent stored) => ((VmEvents.Adopted)stored.Event).Operation;
}
