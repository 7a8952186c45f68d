using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Setup.Postgres;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Npgsql;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>A VM becomes another node's: as the store has it, against those who would both write it.</summary>
[Collection(PostgresTests.Name)]
public sealed class AdoptionTests(PostgresServer server) : AdoptingNodesTest(server)
{
    [Fact]
    public async Task A_vm_of_a_node_that_was_given_up_goes_on_on_another_and_the_first_never_writes_it_again()
    {
        var (one, two) = (await TakeAsync("one"), await TakeAsync("two"));
        Created(one, Samples.Id);
        Assert.Empty(await two.Adoptions.ListAsync([], 10));
        await FenceAsync(two, one);
        Assert.Equal(new StrandedVm(Samples.Id, "one"), Assert.Single(await two.Adoptions.ListAsync([], 10)));
        Assert.Empty(await two.Adoptions.ListAsync([Samples.Id], 10));

        var left = await LeftAsync(two, Samples.Id);
        Assert.Equal((VmPhase.Booting, 1, 3, "vm|one|" + Samples.Id.Value), (left.State.Phase, left.State.Incarnation, left.Head.Sequence, left.Head.Stream));
        var adopted = Adopt(two, left);
        Assert.Empty(await two.Adoptions.ListAsync([], 10));
        Assert.Equal("two", await new PostgresPlaces(two.Store).FindAsync(Samples.Id));

        // It comes back, and learns of it before it could do anything.
        var again = await AgainAsync(one);
        Assert.Equal("two", Assert.Single(await again.Adoptions.DepartedAsync("one")).Value);
        Assert.Equal(PostgresSchema.OfAnother, Refused(() => Write(again, Next(left, new VmEvents.Failed("the old node"), "one"))));
        Write(two, After(adopted, new VmEvents.Provisioned(adopted.Operation())));
        Assert.Empty(await two.Adoptions.DepartedAsync("two"));
    }

    [Fact]
    public async Task A_vm_comes_back_to_the_node_that_lost_it_and_its_stream_there_goes_on()
    {
        var (one, two) = (await TakeAsync("one"), await TakeAsync("two"));
        Created(one, Samples.Id);
        await FenceAsync(two, one);
        Adopt(two, await LeftAsync(two, Samples.Id));
        var again = await AgainAsync(one);
        await FenceAsync(again, two);
        var left = await LeftAsync(again, Samples.Id);
        var back = StoredEvent.Seal(
            VmEvents.Vocabulary, "vm|one|" + Samples.Id.Value, 4, Samples.Noon, EventHash.Parse(Ask<string>("select encode(sha256(convert_to(manifest, 'UTF8') || '\\x0a'::bytea || message), 'hex') from journal where persistence_id like 'vm|one|%' and sequence_number = 3")),
            Seen, Assert.Single(VmDecider.DecideAdoption(VmState.None, "one", left)));
        Write(again, back);
        var now = await LeftAsync(again, Samples.Id);
        Assert.Equal(("one", VmPhase.Provisioning, 4), (now.State.Node, now.State.Phase, now.Head.Sequence));
        Assert.Empty(await again.Adoptions.DepartedAsync("one"));
        var moves = await new PostgresPlaces(again.Store).MovesAsync(0);
        Assert.Equal((2, "one"), (moves.Last, Assert.Single(moves.Moved).To));
        Assert.Equal((2, 0), ((await new PostgresPlaces(again.Store).MovesAsync(2)).Last, (await new PostgresPlaces(again.Store).MovesAsync(2)).Moved.Count));
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task A_node_that_nobody_gave_up_keeps_its_vms_and_one_that_is_back_too()
    {
        var (one, two) = (await TakeAsync("one"), await TakeAsync("two"));
        Created(one, Samples.Id);
        var left = await LeftAsync(two, Samples.Id);
        Assert.Equal(PostgresSchema.NotToAdopt, Refused(() => Adopt(two, left)));
        await FenceAsync(two, one);
        var again = await AgainAsync(one);
        Assert.Equal(PostgresSchema.NotToAdopt, Refused(() => Adopt(two, left)));
        Write(again, Next(left, new VmEvents.DomainStarted(2, Run: 7), "one"));
    }

    [Fact]
    public async Task An_adoption_names_the_very_end_of_the_stream_before()
    {
        var (one, two) = (await TakeAsync("one"), await TakeAsync("two"));
        Created(one, Samples.Id);
        await FenceAsync(two, one);
        var left = await LeftAsync(two, Samples.Id);
        foreach (var head in new[]
        {
            left.Head with { Sequence = 2 },
            left.Head with { Sequence = 4 },
            left.Head with { Hash = EventHash.Start.Hex },
            left.Head with { Stream = "vm|one|" + Samples.OtherId.Value },
            left.Head with { Stream = "vm|two|" + Samples.Id.Value },
            left.Head with { Stream = "" },
        })
        {
            Assert.Equal(PostgresSchema.NotToAdopt, Refused(() => Adopt(two, left with { Head = head })));
        }

        Adopt(two, left);
    }

    [Fact]
    public async Task A_vm_that_was_deleted_is_nobodys()
    {
        var (one, two) = (await TakeAsync("one"), await TakeAsync("two"));
        var booting = Created(one, Samples.Id);
        var deleting = After(booting, new VmEvents.DeleteAccepted(3));
        Write(one, deleting);
        var left = await LeftAsync(two, Samples.Id);
        var gone = After(deleting, new VmEvents.Deleted(3));
        Write(one, gone);
        await FenceAsync(two, one);
        Assert.Null(await two.Adoptions.FindAsync(Samples.Id));
        Assert.Empty(await two.Adoptions.ListAsync([], 10));
        Assert.Equal(PostgresSchema.OfAnother, Refused(() => Adopt(two, left with { Head = new StreamHead(gone.Stream, gone.Sequence, gone.Hash.Hex) })));
    }

    [Fact]
    public async Task Of_nodes_that_adopt_a_vm_at_once_one_does()
    {
        var (one, two, three) = (await TakeAsync("one"), await TakeAsync("two"), await TakeAsync("three"));
        var ids = Enumerable.Range(0, 10).Select(number => InstanceId.FromBytes([1, 2, 3, 4, 5, (byte)number])).ToList();
        ids.ForEach(id => Created(one, id));
        await FenceAsync(two, one);
        foreach (var id in ids)
        {
            var left = await LeftAsync(two, id);
            var refusals = await Task.WhenAll(new[] { two, three }.Select(node => Task.Run(() => Record.Exception(() => Adopt(node, left)) as PostgresException)));
            Assert.Equal(PostgresSchema.OfAnother, Assert.Single(refusals, refusal => refusal is not null)!.SqlState);
        }

        Assert.Equal(ids.Select(id => id.Value).Order(), (await new PostgresPlaces(three.Store).MovesAsync(0)).Moved.Select(move => move.Id.Value).Order());
        Assert.Empty(Findings());
    }

    [Fact]
    public async Task A_node_that_comes_back_while_its_vm_is_adopted_has_it_or_has_it_not_and_never_do_both()
    {
        var two = await TakeAsync("two");
        for (var round = 0; round < 20; round++)
        {
            var (name, id) = ($"one{round}", InstanceId.FromBytes([9, 9, 9, 9, 9, (byte)round]));
            var one = await TakeAsync(name);
            Created(one, id);
            await FenceAsync(two, one);
            var left = await LeftAsync(two, id);
            await LeaveAsync(one);
            var adopting = Task.Run(() => Record.Exception(() => Adopt(two, left)));
            var again = await TakeAsync(name);
            var departed = await again.Adoptions.DepartedAsync(name);
            var refused = Record.Exception(() => Write(again, Next(left, new VmEvents.DomainStarted(2, Run: 7), name)));

            // What it was told when it had claimed its name stays true.
            var isAdopted = await adopting is null;
            Assert.Equal((isAdopted, isAdopted), (departed.ContainsKey(id), refused is not null));
        }

        Assert.Empty(Findings());
    }

    [Fact]
    public async Task The_vms_of_a_node_are_read_as_they_stand_then_whatever_was_read_before()
    {
        var (one, two) = (await TakeAsync("one"), await TakeAsync("two"));
        var places = new PostgresPlaces(two.Store);
        var ids = Enumerable.Range(0, 5).Select(number => InstanceId.FromBytes([7, 7, 7, 7, 7, (byte)number])).ToList();
        Created(two, Samples.OtherId);
        var last = ids[..4].ToDictionary(id => id, id => Created(one, id));
        var before = await places.VmsOfAsync("one", Samples.Noon, null);
        Assert.Equal(last.Keys.Select(id => (id, VmPhase.Booting)), Shown(before));

        // One fails, one is deleted, one moves, one comes, and one stays.
        Write(one, After(last[ids[0]], new VmEvents.Failed("a test")));
        var deleting = After(last[ids[1]], new VmEvents.DeleteAccepted(3));
        Write(one, deleting);
        Write(one, After(deleting, new VmEvents.Deleted(3)));
        Created(one, ids[4]);
        await FenceAsync(two, one);
        Adopt(two, await LeftAsync(two, ids[2]));
        var now = await places.VmsOfAsync("one", Samples.Noon, before);
        Assert.Equal([(ids[0], VmPhase.Failed), (ids[3], VmPhase.Booting), (ids[4], VmPhase.Booting)], Shown(now));
        Assert.Equal(Shown(await places.VmsOfAsync("one", Samples.Noon, null)), Shown(now));
        Assert.Equal(Shown(now), Shown(await places.VmsOfAsync("one", Samples.Noon, now)));
        Assert.Equal(now.Own.Select(view => view.Revision).Order(), (await Task.WhenAll(now.Own.Select(view => places.VmAsync(view.Id)))).Select(view => view!.Revision).Order());
        Assert.Equal([(ids[1], VmPhase.Deleted)], now.Gone.Select(gone => (gone.Key, gone.Value.Phase)));
        Assert.Equal(now.Gone.Keys, (await places.VmsOfAsync("one", Samples.Noon, null)).Gone.Keys);
        Assert.Empty((await places.VmsOfAsync("one", Samples.Noon.AddSeconds(1), null)).Gone);
        Assert.Equal((null, "two"), (await places.VmAsync(ids[1]), (await places.VmAsync(ids[2]))?.Node));
    }

    private static IEnumerable<(InstanceId Id, VmPhase Phase)> Shown(StoredVms vms) => vms.Own.Select(view => (view.Id, view.Phase)).OrderBy(view => view.Id.Value, StringComparer.Ordinal);
}
