using CsCheck;
using Hydravisor.Chaos.Checking;
using Hydravisor.Chaos.Histories;

namespace Hydravisor.Chaos.Tests;

/// <summary>The checker finds nothing where all promises are kept, and each that is broken.</summary>
public sealed class CheckerTests
{
    private static readonly Gen<(int Seed, int Steps)> Worlds = Gen.Select(Gen.Int, Gen.Int[0, 60]);

    private static readonly Dictionary<string, Action<LawfulWorld>> Violations = new()
    {
        ["created-and-lost"] = world => world.Lists["node-2"].RemoveAll(state => state.Vm == world.Kept.Vm),
        ["deleted-and-there"] = world => world.Lists["node-3"].Add(world.Kept with { Vm = world.Gone }),
        ["one-request-two-vms"] = world =>
        {
            var created = Created(world, world.Kept.Vm);
            world.Events.Add(created with { At = world.Now, Vm = "vm-ffffffffffff" });
        },
        ["two-requests-one-vm"] = world => world.Events.Add(Created(world, world.Kept.Vm) with { At = world.Now, RequestId = "another" }),
        ["create-refused"] = world => world.Events.Add(Created(world, world.Kept.Vm) with { At = world.Now, RequestId = "another", Code = 409, Message = "the name is taken" }),
        ["never-decided"] = world => world.Events.Add(new Asked(world.Now, 1, 1, "node-1", "another", "vm/stop", world.Kept.Vm)),
        ["went-backwards"] = world =>
        {
            world.Events.Add(new Heard(world.Now, 1, 1, "node-1", world.Kept with { Revision = world.Kept.Revision + 2 }));
            world.Events.Add(new Asked(world.Now, 1, 1, "node-1", "another", "vm/state", world.Kept.Vm));
            world.Events.Add(new Answered(world.Now, 1, 1, "node-1", "another", "vm/state", world.Kept.Vm, 0, null, 1, [world.Kept with { Revision = world.Kept.Revision + 1 }]));
        },
        ["vm-twice"] = world => Relist(world, list => [.. list, list.First(state => state.Vm == world.Kept.Vm)]),
        ["not-in-list"] = world => Relist(world, list => [.. list.Where(state => state.Vm != world.Kept.Vm)]),
        ["vm-on-two-nodes"] = world => world.Events.Add(new Heard(world.Now, 1, 99, "node-1", world.Kept with { Node = "node-9" })),
        ["log-hole"] = world =>
        {
            world.Events.Add(new LogBegun(world.Now, 1, 99, "node-1", world.Kept.Vm, 1001));
            world.Events.Add(new LogLine(world.Now, 1, 99, "node-1", world.Kept.Vm, 1001, "line 1001"));
            world.Events.Add(new LogLine(world.Now, 1, 99, "node-1", world.Kept.Vm, 1003, "line 1003"));
        },
        ["log-number-twice"] = world =>
        {
            var line = world.Events.OfType<LogLine>().First();
            world.Events.Add(new LogBegun(world.Now, 1, 99, "node-1", line.Vm, line.Number));
            world.Events.Add(line with { At = world.Now, Connection = 99, Content = "something else" });
        },
        ["journal-hole"] = world => world.Journal.RemoveAll(row => row.Vm == world.Kept.Vm && row.Number == 2),
        ["journal-order"] = world => Alter(world, 3, row => row with { Stored = 0 }),
        ["two-writers"] = world =>
        {
            Alter(world, 2, row => row with { Writer = "a" });
            Alter(world, 3, row => row with { Writer = "b" });
            Alter(world, 4, row => row with { Writer = "a" });
        },
        ["vm-in-two-streams"] = world => world.Journal.Add(new StoredRow($"vm|node-9|{world.Kept.Vm}", 1, 1_000_000, "vm.created.v1", "w", null)),
        ["no-place"] = world => world.Places.RemoveAll(place => place.Vm == world.Kept.Vm),
        ["wrong-place"] = world =>
        {
            world.Places.RemoveAll(place => place.Vm == world.Kept.Vm);
            world.Places.Add(new PlacedVm(world.Kept.Vm, "node-9", "there"));
        },
        ["place-without-vm"] = world => world.Places.Add(new PlacedVm("vm-ffffffffffff", "node-1", "reserved")),
        ["acknowledged-and-not-stored"] = world =>
        {
            world.Events.Add(new Asked(world.Now, 1, 1, "node-1", "another", "vm/reboot", world.Kept.Vm));
            world.Events.Add(new Answered(world.Now, 1, 1, "node-1", "another", "vm/reboot", world.Kept.Vm, 0, null, world.Kept.Incarnation, []));
        },
        ["lists-differ"] = world => world.Lists["node-2"][0] = world.Lists["node-2"][0] with { Revision = 1000 },
        ["guest-without-vm"] = world => world.Guests.Add(new Guest("node-1", world.Gone, "directory")),
        ["guest-elsewhere"] = world => world.Guests.Add(new Guest("node-9", world.Kept.Vm, "running")),
        ["guest-otherwise"] = world => world.Guests[0] = world.Guests[0] with { Power = "blocked" },
        ["vm-without-guest"] = world => world.Guests.RemoveAll(guest => guest.Vm == world.Kept.Vm),
        ["goal-missed"] = world =>
        {
            foreach (var list in world.Lists.Values)
            {
                list[0] = list[0] with { State = "provisioning" };
            }
        },
        ["node-not-up"] = world => world.Troubles.Add(new Finding("node-not-up", "node-2 sees 2 of 3 nodes up", [])),
    };

    public static TheoryData<string> Rules => [.. Violations.Keys];

    [Fact]
    public void Nothing_is_found_where_all_promises_are_kept() =>
        Worlds.Sample(world => Assert.Empty(new LawfulWorld(world.Seed, world.Steps).Broken()), iter: 300, threads: 1);

    [Fact]
    public void A_vm_that_was_released_to_another_node_is_there_and_one_that_was_not_is_found() => Worlds.Sample(
        one =>
        {
            var world = new LawfulWorld(one.Seed, one.Steps);
            var (id, other) = (world.Kept.Vm, "node-9");
            world.Journal.Add(world.Journal.Last(row => row.Vm == id) with { Number = world.Kept.Revision + 1, Stored = 1_000_001, Manifest = StoredRow.Released, RequestId = null });
            world.Journal.Add(new StoredRow($"vm|{other}|{id}", 1, 1_000_002, StoredRow.Adopted, "w", null));
            foreach (var list in world.Lists.Values)
            {
                list[list.FindIndex(state => state.Vm == id)] = world.Kept with { Node = other };
            }

            foreach (var index in world.Guests.Index().Where(guest => guest.Item.Vm == id).Select(guest => guest.Index).ToList())
            {
                world.Guests[index] = world.Guests[index] with { Node = other };
            }

            world.Places[world.Places.FindIndex(place => place.Vm == id)] = new PlacedVm(id, other, "there");
            world.Events.Add(new Heard(world.Now, 1, 99, "node-1", world.Kept with { Node = other }));
            Assert.Empty(world.Broken());

            // The same without a release.
            world.Journal.RemoveAll(row => row.Manifest == StoredRow.Released);
            Assert.Contains("vm-in-two-streams", world.Broken());
        },
        iter: 50,
        threads: 1);

    [Theory]
    [MemberData(nameof(Rules))]
    public void Each_broken_promise_is_found(string rule) => Worlds.Sample(
        one =>
        {
            var world = new LawfulWorld(one.Seed, one.Steps);
            Violations[rule](world);
            Assert.Contains(rule, world.Broken());
        },
        iter: 50,
        threads: 1);

    [Fact]
    public void What_is_stored_in_another_order_than_it_was_acknowledged_is_found() => Worlds.Sample(
        one =>
        {
            var world = new LawfulWorld(one.Seed, one.Steps);
            foreach (var (requestId, type) in new[] { ("first", "vm/suspend"), ("second", "vm/resume") })
            {
                world.Events.Add(new Asked(world.Now, 1, 1, "node-1", requestId, type, world.Kept.Vm));
                world.Events.Add(new Answered(world.Now, 1, 1, "node-1", requestId, type, world.Kept.Vm, 0, null, world.Kept.Incarnation, []));
            }

            var revision = world.Kept.Revision;
            var stream = world.Journal.First(row => row.Vm == world.Kept.Vm).Stream;
            world.Journal.Add(new StoredRow(stream, revision + 1, 1_000_001, "vm.resume-accepted.v1", "w", "second"));
            world.Journal.Add(new StoredRow(stream, revision + 2, 1_000_002, "vm.suspend-accepted.v1", "w", "first"));
            Assert.Contains("stored-in-other-order", world.Broken());
        },
        iter: 50,
        threads: 1);

    private static Answered Created(LawfulWorld world, string vm) => world.Events.OfType<Answered>().First(answer => answer.Type == "vm/create" && answer.Vm == vm);

    private static void Relist(LawfulWorld world, Func<IReadOnlyList<SeenState>, IReadOnlyList<SeenState>> change)
    {
        var at = world.Events.FindLastIndex(one => one is Answered { Type: "vm/list" });
        var list = (Answered)world.Events[at];
        world.Events[at] = list with { States = change(list.States) };
    }

    private static void Alter(LawfulWorld world, long number, Func<StoredRow, StoredRow> change)
    {
        var at = world.Journal.FindIndex(row => row.Vm == world.Kept.Vm && row.Number == number);
        world.Journal[at] = change(world.Journal[at]);
    }
}
