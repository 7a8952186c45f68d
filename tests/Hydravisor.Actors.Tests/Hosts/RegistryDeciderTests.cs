using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Hosts;

public sealed class RegistryDeciderTests
{
    private const long Gigabyte = 1L << 30;
    private static readonly Capacity Node = new(Cpus: 2, RamBytes: 9 * Gigabyte, DiskBytes: 100 * Gigabyte, DiskFreeBytes: 50 * Gigabyte);
    private int _random;

    [Fact]
    public void A_request_without_a_name_is_named_after_its_id()
    {
        var entry = Added(RegistryState.Empty, Wish());
        Assert.Equal(entry.Id.Value, entry.Name);
    }

    [Fact]
    public void The_same_request_id_finds_the_same_vm()
    {
        var state = With(Added(RegistryState.Empty, Wish(requestId: "r1")));
        var known = Assert.IsType<Registration.Known>(Decide(state, Wish(requestId: "r1")));
        Assert.Equal(state.Entries.Values.Single(), known.Entry);
    }

    [Fact]
    public void What_cannot_be_recorded_now_is_refused_unless_it_is_known_already()
    {
        var wish = Wish(requestId: "r1");
        Assert.Equal(ErrorCode.NoRoom, Refused(RegistryState.Empty, wish with { NoRecording = "the disk is full" }).Code);
        Assert.IsType<Registration.Known>(Decide(With(Added(RegistryState.Empty, wish)), wish with { NoRecording = "the disk is full" }));
    }

    [Fact]
    public void The_same_request_id_with_other_wishes_is_refused() =>
        Assert.Equal(ErrorCode.Conflict, Refused(With(Added(RegistryState.Empty, Wish(requestId: "r1"))), Wish(requestId: "r1", digest: "other")).Code);

    [Fact]
    public void The_same_request_id_of_another_agent_is_another_vm()
    {
        var state = With(Added(RegistryState.Empty, Wish(requestId: "r1")));
        Assert.NotEqual(state.Entries.Keys.Single(), Added(state, Wish(requestId: "r1", agent: "another")).Id);
    }

    [Fact]
    public void A_request_id_is_known_after_its_vm_was_deleted()
    {
        var entry = Added(RegistryState.Empty, Wish(requestId: "r1"));
        var state = With(entry).Apply(new RegistryEvents.Retired(entry.Id, 3), Samples.Noon);
        Assert.NotNull(Assert.IsType<Registration.Known>(Decide(state, Wish(requestId: "r1"))).Entry.Retired);
        Assert.Empty(state.ForgetRetiredBefore(Samples.Noon.AddDays(1)).Entries);
        Assert.Single(state.ForgetRetiredBefore(Samples.Noon).Entries);
    }

    [Fact]
    public void Two_request_ids_that_collide_get_two_vms()
    {
        var wish = Wish(requestId: "r1");
        var squatter = wish.As(InstanceId.FromKey(wish.Agent, "r1", 0)) with { RequestId = "another" };
        Assert.Equal(InstanceId.FromKey(wish.Agent, "r1", 1), Added(With(squatter), wish).Id);
    }

    [Fact]
    public void A_name_is_taken_until_its_vm_is_deleted()
    {
        var entry = Added(RegistryState.Empty, Wish(name: "web"));
        var refused = Refused(With(entry), Wish(name: "web"));
        Assert.Equal(ErrorCode.Conflict, refused.Code);
        Assert.Contains(entry.Id.Value, refused.Message, StringComparison.Ordinal);
        Assert.Equal("web", Added(With(entry).Apply(new RegistryEvents.Retired(entry.Id, 1), Samples.Noon), Wish(name: "web")).Name);
    }

    [Theory]
    [InlineData(5, 1, 1, "vCPUs")]
    [InlineData(1, 9, 1, "memory")]
    [InlineData(1, 1, 201, "of disk")]
    public void What_is_more_than_the_node_has_finds_no_room(int vcpus, long ram, long disk, string what)
    {
        var refused = Refused(RegistryState.Empty, Wish() with { Vcpus = vcpus, RamBytes = ram * Gigabyte, DiskBytes = disk * Gigabyte });
        Assert.Equal(ErrorCode.NoRoom, refused.Code);
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Room_is_kept_for_each_vm_until_it_is_deleted()
    {
        var big = Wish() with { Vcpus = 4, RamBytes = 8 * Gigabyte };
        var entry = Added(RegistryState.Empty, big);
        Assert.Equal(ErrorCode.NoRoom, Refused(With(entry), Wish()).Code);
        Added(With(entry).Apply(new RegistryEvents.Retired(entry.Id, 1), Samples.Noon), big);
    }

    [Fact]
    public void A_disk_that_is_nearly_full_takes_no_more() =>
        Assert.Equal(
            ErrorCode.NoRoom,
            Assert.IsType<Registration.Refused>(RegistryDecider.Decide(
                RegistryState.Empty, Wish(), Node with { DiskFreeBytes = 1 }, Settings.Host, NextId)).Code);

    [Fact]
    public void Only_so_many_vms_are_taken()
    {
        var settings = Settings.Host with { VmsMax = 1 };
        var state = With(Added(RegistryState.Empty, Wish()));
        Assert.Equal(ErrorCode.NoRoom, Assert.IsType<Registration.Refused>(RegistryDecider.Decide(state, Wish(), Node, settings, NextId)).Code);
    }

    [Theory]
    [InlineData(2, 2, 1, 3, "2 vCPUs, and this one has 1 and asks for 2")]
    [InlineData(1, 4, 1, 3, "2GB of memory")]
    [InlineData(1, 1, 40, 3, "40GB of disk")]
    [InlineData(1, 1, 1, 1, "1 VMs at once, and this one has 1")]
    public void An_agent_gets_no_more_than_its_role_lets_it_have(int vcpus, long ram, long disk, int vms, string what)
    {
        var quota = new RegistryQuota("sandboxed", new RoleLimits(Vcpus: 2, RamBytes: 2 * Gigabyte, DiskBytes: 40 * Gigabyte, Vms: vms));
        var first = Wish() with { Quota = quota, DiskBytes = Gigabyte };
        var entry = Added(RegistryState.Empty, first);
        var refused = Refused(With(entry), first with { Vcpus = vcpus, RamBytes = ram * Gigabyte / 2, DiskBytes = disk * Gigabyte });
        Assert.Equal(ErrorCode.TooMany, refused.Code);
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);

        // What is deleted, and what others have, does not count.
        Added(With(entry).Apply(new RegistryEvents.Retired(entry.Id, 1), Samples.Noon), first);
        Added(With(entry with { Agent = "another" }), first);
    }

    [Fact]
    public void A_repeated_request_is_known_also_where_no_more_is_allowed()
    {
        var wish = Wish(requestId: "r1") with { Quota = new RegistryQuota("sandboxed", new RoleLimits(Vms: 1)) };
        Assert.IsType<Registration.Known>(Decide(With(Added(RegistryState.Empty, wish)), wish));
    }

    private static RegistryWish Wish(string? name = null, string agent = "anonymous", string? requestId = null, string digest = "d") =>
        new(name, agent, requestId, digest, "tiny", Vcpus: 1, RamBytes: Gigabyte / 2, DiskBytes: 0);

    private static RegistryState With(RegistryEntry entry) => RegistryState.Empty.Apply(new RegistryEvents.Registered(entry), Samples.Noon);

    private Registration Decide(RegistryState state, RegistryWish wish) => RegistryDecider.Decide(state, wish, Node, Settings.Host, NextId);

    private RegistryEntry Added(RegistryState state, RegistryWish wish) => Assert.IsType<Registration.New>(Decide(state, wish)).Entry;

    private Registration.Refused Refused(RegistryState state, RegistryWish wish) => Assert.IsType<Registration.Refused>(Decide(state, wish));

    private InstanceId NextId() => InstanceId.FromBytes([0, 0, 0, 0, 0, (byte)++_random]);
}
