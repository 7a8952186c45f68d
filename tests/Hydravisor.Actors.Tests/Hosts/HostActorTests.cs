using Akka.Actor;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Hosts;

public sealed class HostActorTests(ITestOutputHelper output) : HostSpec(output)
{
    [Fact]
    public async Task A_created_vm_is_answered_then_followed_until_it_runs()
    {
        var host = await StartHost();
        Create(host, 7, "r1");
        var granted = await Session.ExpectMsgAsync<VmReply.Granted>();
        Assert.Equal((7, VmPhase.Provisioning, false), (granted.Correlation, granted.View.Phase, granted.Already));
        Assert.Null((await Session.ExpectMsgAsync<HostMessages.VmChanged>()).Previous);
        Assert.Equal(VmPhase.Booting, (await Session.ExpectMsgAsync<HostMessages.VmChanged>()).View.Phase);
        Assert.Equal(VmPhase.Running, (await Session.ExpectMsgAsync<HostMessages.VmChanged>()).View.Phase);
    }

    [Fact]
    public async Task The_same_request_twice_at_once_makes_one_vm()
    {
        var host = await StartHost();
        Create(host, 1, "r1");
        Create(host, 2, "r1");
        var replies = new[] { await Reply(), await Reply() };
        Assert.Equal(replies[0].View.Id, replies[1].View.Id);
        Assert.Single(replies, reply => !reply.Already);
        Assert.Single(await List(host));
    }

    [Fact]
    public async Task What_was_answered_is_in_the_list()
    {
        var host = await StartHost();
        Create(host, 1, null);
        var id = (await Reply()).View.Id;
        Assert.Equal(id, Assert.Single(await List(host)).Id);
    }

    [Fact]
    public async Task A_deleted_vm_leaves_the_list_and_is_deleted_twice_without_error()
    {
        var host = await StartHost();
        Create(host, 1, "r1");
        var id = (await Reply()).View.Id;
        await Phase(VmPhase.Running);
        Ask(host, id, 2, new VmCommand.Delete());
        await Phase(VmPhase.Deleted);
        await Wait.Until(async () => (await List(host)).Count == 0, "the list is empty");
        await Wait.Until(() => !Roster.TryFind(id, out _), "the roster follows");
        Ask(host, id, 3, new VmCommand.Delete());
        Assert.True((await Reply(3)).Already);
        host.Tell(new VmQuery(id, 4, null, Samples.Everything), Session);
        Assert.Equal(ErrorCode.NotFound, (await Session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);

        // What it left behind is asked for by those who could see it, and by nobody else.
        host.Tell(new VmQuery(id, 6, null, Samples.Everything, AlsoGone: true), Session);
        Assert.Equal(VmPhase.Deleted, (await Reply(6)).View.Phase);
        host.Tell(new VmQuery(id, 7, null, Samples.Everything with { Scope = VmScope.Nothing }, AlsoGone: true), Session);
        Assert.Equal(ErrorCode.NotFound, (await Session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);
        Create(host, 5, "r1");
        Assert.Equal(VmPhase.Deleted, (await Reply(5)).View.Phase);
    }

    [Fact]
    public async Task Of_a_vm_that_one_may_not_touch_one_hears_that_it_is_not_there_and_nothing_is_done()
    {
        var host = await StartHost();
        Create(host, 1, "r1");
        var id = (await Reply()).View.Id;
        await Phase(VmPhase.Running);
        var hidden = Samples.Everything with { Scope = VmScope.Nothing };
        host.Tell(new VmQuery(id, 2, Incarnation: 7, hidden), Session);
        var foreign = await Session.FishForMessageAsync<VmReply.Denied>(_ => true);
        host.Tell(new VmQuery(Samples.OtherId, 2, Incarnation: 7, hidden), Session);
        var none = await Session.FishForMessageAsync<VmReply.Denied>(_ => true);
        Assert.Equal(ErrorCode.NotFound, foreign.Code);
        Assert.Equal(none.Message.Replace(Samples.OtherId.Value, id.Value, StringComparison.Ordinal), foreign.Message);
    }

    [Fact]
    public async Task An_unknown_image_is_refused_with_the_names_of_those_there_are()
    {
        var host = await StartHost();
        Create(host, 1, null, Wish() with { Os = "plan9" });
        var denied = await Session.ExpectMsgAsync<VmReply.Denied>();
        Assert.Equal(ErrorCode.Impossible, denied.Code);
        Assert.Contains("tiny", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_the_limit_of_one_vm_is_impossible()
    {
        var host = await StartHost();
        Create(host, 1, null, Wish() with { Vcpus = 9 });
        Assert.Equal(ErrorCode.Impossible, (await Session.ExpectMsgAsync<VmReply.Denied>()).Code);
    }

    [Fact]
    public async Task A_vm_that_nobody_has_is_not_found()
    {
        var host = await StartHost();
        host.Tell(new VmQuery(Samples.Id, 1, null, Samples.Everything), Session);
        Assert.Equal(ErrorCode.NotFound, (await Session.ExpectMsgAsync<VmReply.Denied>()).Code);
    }

    [Fact]
    public async Task While_a_vms_actor_is_down_reads_go_on_and_changes_are_503()
    {
        var host = await StartHost();
        Create(host, 1, null);
        var id = (await Reply()).View.Id;
        await Phase(VmPhase.Running);
        Assert.True(Roster.TryFind(id, out var vm));
        Watch(vm!);
        vm!.Tell(PoisonPill.Instance);
        await ExpectTerminatedAsync(vm);
        vm.Tell(new VmQuery(id, 2, null, Samples.Everything), Session);
        Assert.Equal(id, (await Reply(2)).View.Id);
        vm.Tell(Authorised(id, 3, new VmCommand.Suspend()), Session);
        Assert.Equal(ErrorCode.Unavailable, (await Session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);
    }

    [Fact]
    public async Task A_vm_whose_actor_ended_comes_back_and_goes_on()
    {
        var host = await StartHost();
        Create(host, 1, null);
        var id = (await Reply()).View.Id;
        await Phase(VmPhase.Running);
        Assert.True(Roster.TryFind(id, out var before));
        before!.Tell(PoisonPill.Instance);
        await Wait.Until(() => Roster.TryFind(id, out var now) && !now!.Equals(before), "the roster follows");
        Ask(host, id, 2, new VmCommand.Suspend());
        await Phase(VmPhase.Suspended);
    }

    [Fact]
    public async Task While_the_hypervisor_is_away_changes_are_503_and_then_all_goes_on()
    {
        var host = await StartHost();
        Create(host, 1, null);
        var id = (await Reply()).View.Id;
        await Phase(VmPhase.Running);
        Hypervisor.GoDown();
        Ask(host, id, 2, new VmCommand.Suspend());
        Assert.Equal(ErrorCode.Unavailable, (await Session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);
        Create(host, 3, null);
        Assert.Equal(ErrorCode.Unavailable, (await Session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);
        Hypervisor.ComeBack();
        Ask(host, id, 4, new VmCommand.Suspend());
        await Phase(VmPhase.Suspended);
    }

    [Fact]
    public async Task Who_follows_all_hears_of_each_change_once()
    {
        var host = await StartHost();
        var follower = CreateTestProbe("follower");
        host.Tell(new HostMessages.Follow(null), follower);
        Create(host, 1, null);
        var id = (await Reply()).View.Id;
        host.Tell(new HostMessages.Follow(id), follower);
        await Phase(VmPhase.Running);
        Ask(host, id, 2, new VmCommand.Suspend());
        await Phase(VmPhase.Suspended);
        var heard = new List<VmPhase>();
        while (!heard.Contains(VmPhase.Suspended))
        {
            heard.Add((await follower.ExpectMsgAsync<HostMessages.VmChanged>()).View.Phase);
        }

        Assert.Equal([VmPhase.Provisioning, VmPhase.Booting, VmPhase.Running, VmPhase.Suspended], heard);
    }
}
