using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Hosts;

/// <summary>A node that is let take no new VMs.</summary>
public sealed class CordonTests : HostSpec
{
    private readonly HeldAdoptions _held = new();

    public CordonTests(ITestOutputHelper output)
        : base(output, PlannedJournal.Config) => Adoptions = _held;

    [Fact]
    public async Task A_cordoned_node_takes_no_new_vms_keeps_those_it_has_and_takes_some_again_when_resumed()
    {
        var host = await StartHost();
        Create(host, 1, "r1");
        var id = (await Reply(1)).View.Id;
        await Phase(VmPhase.Running);
        Set(host, 2, cordoned: true, "a disk is to be changed");
        Assert.Equal(Samples.Node, (await Done(2)).Node);
        Create(host, 3, "r2");
        var refused = await Session.FishForMessageAsync<VmReply.Denied>(reply => reply.Correlation == 3);
        Assert.Equal(ErrorCode.NoRoom, refused.Code);
        Assert.Contains("the node takes no new VMs: it is cordoned since ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("(a disk is to be changed)", refused.Message, StringComparison.Ordinal);

        // What was promised before holds: a repeated request is no new VM, and what runs is steered.
        Create(host, 4, "r1");
        Assert.Equal(id, (await Reply(4)).View.Id);
        Ask(host, id, 5, new VmCommand.Suspend());
        await Phase(VmPhase.Suspended);

        Set(host, 6, cordoned: false);
        await Done(6);
        Create(host, 7, "r2");
        await Reply(7);
    }

    [Fact]
    public async Task A_cordon_outlives_the_registry_that_stored_it()
    {
        var host = await StartHost();
        Set(host, 1, cordoned: true, "why");
        await Done(1);
        Set(host, 2, cordoned: true, "another why");
        await Done(2);
        var registry = await Sys.ActorSelection(host.Path / "registry" / "*").ResolveOne(TimeSpan.FromSeconds(20));
        Watch(registry);
        registry.Tell(PoisonPill.Instance);
        await ExpectTerminatedAsync(registry);

        // It is so already for the one that comes after: nothing is stored.
        JournalPlan.Of(Sys).RejectEvents(_ => true);
        await DoneWhenPossibleAsync(host, cordoned: true, "another why");
        Assert.Equal("another why", (await LookAsync(host)).Cordon!.Why);
    }

    [Fact]
    public async Task What_is_so_already_is_answered_and_not_stored_again()
    {
        var host = await StartHost();
        Set(host, 1, cordoned: true, "why");
        await Done(1);
        JournalPlan.Of(Sys).RejectEvents(_ => true);
        Set(host, 2, cordoned: true, "why");
        await Done(2);
        JournalPlan.Of(Sys).RejectEvents(_ => false);
        Set(host, 3, cordoned: false);
        await Done(3);
        JournalPlan.Of(Sys).RejectEvents(_ => true);
        Set(host, 4, cordoned: false);
        await Done(4);
    }

    [Fact]
    public async Task A_cordon_that_cannot_be_stored_is_503_and_nothing_is_changed()
    {
        var host = await StartHost();
        JournalPlan.Of(Sys).FailWrites(_ => true);
        Set(host, 1, cordoned: true);
        var denied = await Session.FishForMessageAsync<VmReply.Denied>(reply => reply.Correlation == 1);
        Assert.Equal(ErrorCode.Unavailable, denied.Code);
        Assert.Contains("nothing was changed", denied.Message, StringComparison.Ordinal);
        Assert.Null((await LookAsync(host)).Cordon);

        // Its registry is down now, and comes back by itself.
        JournalPlan.Of(Sys).FailWrites(_ => false);
        await DoneWhenPossibleAsync(host, cordoned: true);
        Assert.NotNull((await LookAsync(host)).Cordon);
    }

    [Fact]
    public async Task What_the_registry_says_behind_its_recovery_outlives_what_the_store_says_of_then()
    {
        _held.Hold();
        var host = BeginHost();
        Set(host, 1, cordoned: true, "why");
        await Done(1);
        _held.Go();
        await ReadyAsync(host);
        Assert.Equal("why", (await LookAsync(host)).Cordon?.Why);
    }

    [Fact]
    public async Task A_node_does_nothing_in_place_of_another()
    {
        var host = await StartHost();
        Set(host, 1, cordoned: true, node: "another");
        var denied = await Session.FishForMessageAsync<VmReply.Denied>(reply => reply.Correlation == 1);
        Assert.Equal((ErrorCode.Impossible, $"node 'another' is not a node that is there; there are: {Samples.Node}"), (denied.Code, denied.Message));
        Assert.Null((await LookAsync(host)).Cordon);
    }

    [Fact]
    public async Task A_node_that_is_in_no_cluster_has_nowhere_to_move_its_vms_to()
    {
        var host = await StartHost();
        Set(host, 1, cordoned: true, drains: true);
        var refused = await Session.FishForMessageAsync<VmReply.Denied>(reply => reply.Correlation == 1);
        Assert.Equal((ErrorCode.Impossible, true), (refused.Code, refused.Message.Contains("is in no cluster", StringComparison.Ordinal)));
        Assert.Null((await LookAsync(host)).Cordon);
    }

    private void Set(IActorRef host, long correlation, bool cordoned, string? why = null, string? node = null, bool drains = false) => host.Tell(
        new HostMessages.SetCordon(correlation, node, Samples.Authorised(new Policy("trusted", "trusted"), new Principal(Principal.Anonymous, "trusted", "c1"), "node/cordon", new CordonWish(cordoned, why, drains), null)),
        Session);

    private async Task<HostMessages.NodeDone> Done(long correlation) => await Session.FishForMessageAsync<HostMessages.NodeDone>(done => done.Correlation == correlation);

    private Task DoneWhenPossibleAsync(IActorRef host, bool cordoned, string? why = null)
    {
        var correlation = 100L;
        return Wait.Until(
            async () =>
            {
                Set(host, ++correlation, cordoned, why);
                return await Session.FishForMessageAsync<object>(message =>
                    message is HostMessages.NodeDone done ? done.Correlation == correlation : message is VmReply.Denied again && again.Correlation == correlation) is HostMessages.NodeDone;
            },
            "it is done");
    }

    private async Task<NodeView> LookAsync(IActorRef host)
    {
        var probe = CreateTestProbe();
        host.Tell(new HostMessages.QueryNodes(1), probe);
        return Assert.Single((await probe.ExpectMsgAsync<HostMessages.NodesListed>()).Nodes).View!;
    }

    // A store that has moved nothing, and that answers when it is let.
    private sealed class HeldAdoptions : IAdoptions
    {
        private TaskCompletionSource _goes = new();

        public HeldAdoptions() => Go();

        public void Hold() => _goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Go() => _goes.TrySetResult();

        public async Task<IReadOnlyDictionary<InstanceId, string>> DepartedAsync(string node)
        {
            await _goes.Task;
            return new Dictionary<InstanceId, string>();
        }

        public Task<IReadOnlyDictionary<InstanceId, string>> ReleasedToAsync(string node) =>
            Task.FromResult<IReadOnlyDictionary<InstanceId, string>>(new Dictionary<InstanceId, string>());

        public Task<VmLeft?> FindAsync(InstanceId id) => Task.FromResult<VmLeft?>(null);

        public Task<IReadOnlyList<ReleasedVm>> WhereAreAsync(IReadOnlyCollection<InstanceId> ids) => Task.FromResult<IReadOnlyList<ReleasedVm>>([]);
    }
}
