using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Tests.Cluster;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Hosts;

/// <summary>A host whose node shares its store with others.</summary>
public sealed class SharedStoreTests : HostSpec
{
    private static readonly InstanceId Known = InstanceId.FromKey("anonymous", "r-1", 0);
    private readonly Dictionary<InstanceId, (string Node, RegistryEntry Entry)> _all = [];
    private readonly Unsteady _reservations;

    public SharedStoreTests(ITestOutputHelper output)
        : base(output) => Reservations = _reservations = new Unsteady(new MemoryReservations(Samples.Node, _all));

    [Fact]
    public async Task A_vm_is_reserved_before_it_is_made()
    {
        var host = await StartHost();
        Create(host, 1, "r-1");
        await Reply(1);
        Assert.Equal(Samples.Node, _all[Known].Node);
        Create(host, 2, "r-1");
        Assert.True((await Reply(2)).Already);
    }

    [Fact]
    public async Task A_vm_that_another_node_has_is_not_made_and_leaves_nothing_behind()
    {
        _all[Known] = ("node-2", new RegistryEntry(Known, "web", "anonymous", "r-1", "d", "tiny", 1, 1, 1));
        var host = await StartHost();
        host.Tell(Placed(1, "r-1"), Session);
        Assert.Equal(new VmReply.Elsewhere(Known, "node-2") { Correlation = 1 }, await Session.FishForMessageAsync<VmReply.Elsewhere>(_ => true));

        // Where nobody places, there is nobody to go there.
        Create(host, 2, "r-1");
        Assert.Contains("node-2", (await Session.FishForMessageAsync<VmReply.Denied>(_ => true)).Message, StringComparison.Ordinal);
        Assert.Empty(await List(host));
        Assert.False(Roster.TryFind(Known, out _));

        // Its room is free again.
        _all.Clear();
        Create(host, 3, "r-1");
        await Reply(3);
    }

    [Fact]
    public async Task A_name_that_another_node_gave_is_taken_and_what_was_kept_for_the_vm_is_let_go()
    {
        _all[Samples.OtherId] = ("node-2", new RegistryEntry(Samples.OtherId, "web", "x", null, "d", "tiny", 1, 1, 1));
        var host = await StartHost();
        Create(host, 1, "r-1", Wish() with { Name = "web" });
        var denied = await Session.FishForMessageAsync<VmReply.Denied>(_ => true);
        Assert.Equal((ErrorCode.Conflict, $"the name 'web' is taken by {Samples.OtherId}; choose another, or delete that VM first"), (denied.Code, denied.Message));
        Create(host, 2, "r-2", Wish() with { Name = "web2" });
        await Reply(2);
    }

    [Fact]
    public async Task Where_the_store_cannot_be_asked_nothing_is_created_and_later_it_is()
    {
        var host = await StartHost();
        _reservations.IsDown = true;
        Create(host, 1, "r-1");
        Assert.Equal(ErrorCode.Unavailable, (await Session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);
        _reservations.IsDown = false;
        Create(host, 2, "r-1");
        await Reply(2);
        Assert.Single(await List(host));
    }

    private static HostMessages.CreateVm Placed(long correlation, string requestId) =>
        new(correlation, Samples.Authorised(new Actors.Access.Policy("trusted", "trusted"), new Actors.Access.Principal("anonymous", "trusted", "c1"), "vm/create", Wish(), requestId), Follower: "akka://x/user/nobody");

    private sealed class Unsteady(IReservations inner) : IReservations
    {
        public bool IsDown { get; set; }

        public Task<Reservation> ReserveAsync(RegistryEntry entry, RegistryQuota? quota) =>
            IsDown ? Task.FromException<Reservation>(new TimeoutException("the store is down")) : inner.ReserveAsync(entry, quota);

        public Task ReleaseAsync(InstanceId id) => IsDown ? Task.FromException(new TimeoutException("the store is down")) : inner.ReleaseAsync(id);
    }
}
