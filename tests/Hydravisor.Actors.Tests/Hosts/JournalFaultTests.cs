using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Tests.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Hosts;

/// <summary>The journal fails, refuses or cannot be read: nothing is lost, nothing is half done, and all goes on afterwards.</summary>
public sealed class JournalFaultTests(ITestOutputHelper output) : HostSpec(output, PlannedJournal.Config)
{
    private JournalPlan Plan => JournalPlan.Of(Sys);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_command_that_cannot_be_stored_is_503_and_nothing_is_done(bool fails)
    {
        var host = await StartHost();
        Create(host, 1, null);
        var id = (await Reply()).View.Id;
        await Phase(VmPhase.Running);
        (fails ? Plan.FailWrites : (Action<Func<string, bool>>)Plan.RejectEvents)(IsVm);
        Ask(host, id, 2, new VmCommand.Suspend());
        var denied = await Session.FishForMessageAsync<VmReply.Denied>(reply => reply.Correlation == 2);
        Assert.Equal(ErrorCode.Unavailable, denied.Code);
        Assert.Contains("nothing was done", denied.Message, StringComparison.Ordinal);
        Assert.Equal(Power.Running, (await Hypervisor.InspectAsync(id)).Value!.Power);
        Assert.Equal(VmPhase.Running, Assert.Single(await List(host)).Phase);

        Plan.FailWrites(_ => false);
        Plan.RejectEvents(_ => false);
        await SuspendWhenPossibleAsync(host, id);
        Assert.Equal(Power.Paused, (await Hypervisor.InspectAsync(id)).Value!.Power);
    }

    [Fact]
    public async Task A_creation_that_the_registry_cannot_store_leaves_nothing_and_can_be_asked_for_again()
    {
        var host = await StartHost();
        Plan.FailWrites(stream => !IsVm(stream));
        Create(host, 1, "r1");
        Assert.Equal(ErrorCode.Unavailable, (await Session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);
        Assert.Empty(await List(host));
        Plan.FailWrites(_ => false);
        await CreateWhenPossibleAsync(host, "r1");
        Assert.Single(await List(host));
    }

    [Fact]
    public async Task A_creation_that_the_vm_cannot_store_leaves_no_vm_and_can_be_asked_for_again()
    {
        var host = await StartHost();
        Plan.FailWrites(IsVm);
        Create(host, 1, "r1");
        Assert.Equal(ErrorCode.Unavailable, (await Session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);
        Assert.Empty(await List(host));
        Plan.FailWrites(_ => false);
        var first = await CreateWhenPossibleAsync(host, "r1");
        Create(host, 99, "r1");
        Assert.Equal(first, (await Reply(99)).View.Id);
        Assert.Equal(first, Assert.Single(await List(host)).Id);
    }

    [Fact]
    public async Task A_creation_whose_vm_cannot_be_looked_up_leaves_nothing_as_soon_as_it_can()
    {
        var host = await StartHost();
        Plan.FailReplays(IsVm);
        Create(host, 1, "r1");
        await Wait.Until(async () => (await List(host)).Any(view => view.Phase == VmPhase.Failed), "it is shown that there may be one");
        Plan.FailReplays(_ => false);
        await Wait.Until(async () => (await List(host)).Count == 0, "there is none");
        await Wait.Until(
            async () =>
            {
                host.Tell(new HostMessages.QueryNode(7), Session);
                return (await Session.FishForMessageAsync<NodeView>(_ => true)).Room?.Vms == 0;
            },
            "its room is free");
    }

    [Fact]
    public async Task A_vm_that_cannot_be_replayed_does_not_keep_the_others_and_comes_when_it_can()
    {
        var host = await StartHost();
        Create(host, 1, "r1");
        var broken = (await Reply(1)).View.Id;
        await Phase(VmPhase.Running);
        Create(host, 2, "r2");
        var whole = (await Reply(2)).View.Id;
        await Phase(VmPhase.Running);
        Plan.FailReplays(stream => stream.EndsWith(broken.Value, StringComparison.Ordinal));
        Assert.True(Roster.TryFind(broken, out var actor));
        Watch(actor!);
        actor!.Tell(PoisonPill.Instance);
        await ExpectTerminatedAsync(actor);
        Ask(host, whole, 3, new VmCommand.Stop(Forced: true));
        Assert.Equal(whole, (await Reply(3)).View.Id);
        Plan.FailReplays(_ => false);
        await SuspendWhenPossibleAsync(host, broken);
    }

    private static bool IsVm(string stream) => stream.StartsWith("vm|", StringComparison.Ordinal);

    private async Task SuspendWhenPossibleAsync(IActorRef host, InstanceId id)
    {
        var correlation = 1000L;
        await Wait.Until(
            async () =>
            {
                Ask(host, id, ++correlation, new VmCommand.Suspend());
                return await Session.FishForMessageAsync<VmReply>(reply => reply.Correlation == correlation) is VmReply.Granted;
            },
            "the suspension is accepted");
        await Phase(VmPhase.Suspended);
    }

    private async Task<InstanceId> CreateWhenPossibleAsync(IActorRef host, string requestId)
    {
        var correlation = 1000L;
        VmReply? answer = null;
        await Wait.Until(
            async () =>
            {
                Create(host, ++correlation, requestId);
                answer = await Session.FishForMessageAsync<VmReply>(reply => reply.Correlation == correlation);
                return answer is VmReply.Granted;
            },
            "the suspension is accepted");
        await Phase(VmPhase.Running);
        return ((VmReply.Granted)answer!).View.Id;
    }
}
