using Hydravisor.Actors.Audit;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Npgsql;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>A VM is released to another node: as the store has it, against those who would both write it.</summary>
[Collection(PostgresTests.Name)]
public sealed class MoveTests(PostgresServer server) : AdoptingNodesTest(server)
{
    [Fact]
    public async Task A_vm_that_was_released_goes_on_on_the_other_node_and_the_first_never_writes_it_again()
    {
        var (one, two) = (await TakeAsync("one"), await TakeAsync("two"));
        var released = Released(one, Samples.Id, "two");
        Assert.Equal("one", Assert.Single(await two.Adoptions.ReleasedToAsync("two")).Value);
        Assert.Equal(PostgresSchema.Released, Refused(() => Write(one, After(released, new VmEvents.Failed("the old node")))));

        var left = await LeftAsync(two, Samples.Id);
        Assert.Equal((true, "vm|one|" + Samples.Id.Value, released.Sequence), (left.State.IsReleased, left.Head.Stream, left.Head.Sequence));
        var adopted = Adopt(two, left);
        Assert.Equal("two", await new PostgresPlaces(one.Store).FindAsync(Samples.Id));
        Assert.Equal("two", Assert.Single(await one.Adoptions.DepartedAsync("one")).Value);
        Assert.Empty(await two.Adoptions.ReleasedToAsync("two"));
        Assert.Equal(PostgresSchema.OfAnother, Refused(() => Write(one, After(released, new VmEvents.MoveEnded("mine again")))));
        Write(two, After(adopted, new VmEvents.Provisioned(adopted.Operation())));
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task Nobody_takes_a_vm_that_was_not_released_to_it()
    {
        var (one, two, three) = (await TakeAsync("one"), await TakeAsync("two"), await TakeAsync("three"));
        var off = Off(one, Samples.Id, "two");
        var left = await LeftAsync(two, Samples.Id);
        Assert.Equal(PostgresSchema.NotToAdopt, Refused(() => Adopt(two, left)));
        foreach (var to in new[] { "one", "nobody" })
        {
            Assert.Equal(PostgresSchema.Released, Refused(() => Write(one, After(off, new VmEvents.Released(to)))));
        }

        Write(one, After(off, new VmEvents.Released("two")));
        Assert.Equal(PostgresSchema.NotToAdopt, Refused(() => Adopt(two, left)));
        var released = await LeftAsync(two, Samples.Id);
        Assert.Equal(PostgresSchema.NotToAdopt, Refused(() => Adopt(three, released)));

        // Nor does who takes the VMs of a lost node: it is neither's.
        await FenceAsync(three, one);
        Assert.Empty(await three.Adoptions.ListAsync([], 10));
        Assert.Equal(PostgresSchema.NotToAdopt, Refused(() => Adopt(three, released)));
        await FenceAsync(three, two);
        Assert.Equal("one", Assert.Single(await three.Adoptions.ListAsync([], 10)).Node);
        Adopt(three, released);
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task A_vm_is_the_other_nodes_also_where_the_first_was_lost_behind_its_release()
    {
        var (one, two) = (await TakeAsync("one"), await TakeAsync("two"));
        Released(one, Samples.Id, "two");
        await FenceAsync(two, one);
        Adopt(two, await LeftAsync(two, Samples.Id));
        Assert.Equal("two", Assert.Single(await (await AgainAsync(one)).Adoptions.DepartedAsync("one")).Value);
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task A_node_takes_back_what_it_released_to_one_that_was_given_up_and_from_no_other()
    {
        var (one, two) = (await TakeAsync("one"), await TakeAsync("two"));
        var released = Released(one, Samples.Id, "two");
        var back = After(released, new VmEvents.MoveEnded("two was given up"));
        Assert.Equal(PostgresSchema.Released, Refused(() => Write(one, back)));
        await FenceAsync(one, two);
        Write(one, back);
        Write(one, After(back, new VmEvents.BootBegun(2, BootTrigger.MoveEnded, 4, Run: 0)));
        var again = await AgainAsync(two);
        Assert.Empty(await again.Adoptions.ReleasedToAsync("two"));
        Assert.Equal(PostgresSchema.NotToAdopt, Refused(() => Adopt(again, new VmLeft(new StreamHead(released.Stream, released.Sequence, released.Hash.Hex), VmState.None with { Id = Samples.Id }))));
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task A_vm_that_moves_back_goes_on_in_the_stream_that_ended_with_its_release()
    {
        var (one, two) = (await TakeAsync("one"), await TakeAsync("two"));
        var released = Released(one, Samples.Id, "two");
        var adopted = Adopt(two, await LeftAsync(two, Samples.Id));
        var state = (await LeftAsync(two, Samples.Id)).State;
        var last = adopted;
        foreach (var then in new IVmEvent[]
        {
            new VmEvents.Provisioned(adopted.Operation()), new VmEvents.BootBegun(2, BootTrigger.Moved, adopted.Operation() + 1, Run: 0), new VmEvents.DomainStarted(adopted.Operation() + 1, Run: 1),
            new VmEvents.MoveBegun("one", Starts: true), new VmEvents.StopAccepted(adopted.Operation() + 2, Forced: false), new VmEvents.Stopped(adopted.Operation() + 2, "off"), new VmEvents.Released("one"),
        })
        {
            last = After(last, then);
            Write(two, last);
        }

        Assert.True(state.Arrival is { From: "one", Starts: true });
        Write(one, After(released, Assert.Single(VmDecider.DecideAdoption(VmState.None, "one", await LeftAsync(one, Samples.Id)))));
        Assert.Equal(("one", VmPhase.Provisioning), ((await LeftAsync(one, Samples.Id)).State.Node, (await LeftAsync(one, Samples.Id)).State.Phase));
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task A_vm_whose_other_node_comes_back_while_it_is_taken_back_is_one_nodes()
    {
        var one = await TakeAsync("one");
        for (var round = 0; round < 20; round++)
        {
            var (name, id) = ($"two{round}", InstanceId.FromBytes([9, 9, 9, 9, 9, (byte)round]));
            var two = await TakeAsync(name);
            var released = Released(one, id, name);
            await FenceAsync(one, two);
            var left = await LeftAsync(one, id);
            await LeaveAsync(two);
            var takingBack = Task.Run(() => Record.Exception(() => Write(one, After(released, new VmEvents.MoveEnded("given up")))));
            var again = await TakeAsync(name);
            var promised = (await again.Adoptions.ReleasedToAsync(name)).ContainsKey(id);
            var refused = Record.Exception(() => Adopt(again, left));

            // What it was told when it had claimed its name stays true, and one of the two has the VM.
            var isBack = await takingBack is null;
            Assert.Equal((isBack, isBack), (!promised, refused is not null));
        }

        Assert.Empty(Findings());
    }

    [Fact]
    public async Task A_writer_that_is_under_way_is_waited_for_and_one_that_comes_later_is_refused()
    {
        var (one, two) = (await TakeAsync("one"), await TakeAsync("two"));
        for (var round = 0; round < 20; round++)
        {
            var id = InstanceId.FromBytes([8, 8, 8, 8, 8, (byte)round]);
            var off = Off(one, id, "two");
            var release = After(off, new VmEvents.Released("two"));
            var writes = await Task.WhenAll(
                Task.Run(() => Record.Exception(() => Write(one, release))),
                Task.Run(() => Record.Exception(() => Write(one, After(off, new VmEvents.Failed("beside it"))))),
                Task.Run(() => Record.Exception(() => Write(one, After(release, new VmEvents.Failed("behind it"))))));

            // Behind the release nothing came to stand; where something stood in its place, the VM is nobody else's.
            var left = await two.Adoptions.FindAsync(id);
            var adopted = left is null ? new PostgresException("its stream is broken", "", "", "") : Record.Exception(() => Adopt(two, left));
            Assert.True(adopted is null == (writes[0] is null && writes[2] is not null), $"{writes[0]?.Message}, {writes[1]?.Message}, {writes[2]?.Message}, {adopted?.Message}");
        }
    }

    [Fact]
    public async Task An_auditor_finds_what_was_written_behind_a_release()
    {
        var one = await TakeAsync("one");
        await TakeAsync("two");
        var released = Released(one, Samples.Id, "two");
        PostgresServer.Execute(Database, "alter table journal disable trigger all");
        PostgresServer.Execute(
            Database, "insert into journal (ordering, created, deleted, persistence_id, sequence_number, manifest, message, identifier) select max(ordering) + 1, 0, false, $1, $2, $3, $4, 7411 from journal",
            released.Stream, released.Sequence + 1, "vm.failed.v1", After(released, new VmEvents.Failed("the old node")).Bytes);
        var found = Assert.Single(Findings());
        Assert.Equal((ChainFindingKind.Inserted, released.Sequence + 1), (found.Kind, found.Sequence));
        Assert.Contains("released to another node", found.Sentence, StringComparison.Ordinal);
    }

    // Made, run, and off to be moved.
    private static StoredEvent Off(Claimed node, InstanceId id, string to)
    {
        var stored = Created(node, id);
        foreach (var then in new IVmEvent[] { new VmEvents.DomainStarted(2, Run: 1), new VmEvents.MoveBegun(to, Starts: true), new VmEvents.StopAccepted(3, Forced: false), new VmEvents.Stopped(3, "off") })
        {
            stored = After(stored, then);
            Write(node, stored);
        }

        return stored;
    }

    private static StoredEvent Released(Claimed node, InstanceId id, string to)
    {
        var released = After(Off(node, id, to), new VmEvents.Released(to));
        Write(node, released);
        return released;
    }
}
