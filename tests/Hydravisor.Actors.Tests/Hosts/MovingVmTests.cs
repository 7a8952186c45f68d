using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Hosts;

/// <summary>Two hosts over one store, and a VM that goes from one to the other.</summary>
public sealed class MovingVmTests(ITestOutputHelper output) : MovingVmSpec(output)
{
    [Fact]
    public async Task A_vm_that_runs_goes_to_another_node_with_its_disk_and_runs_there()
    {
        var id = await CreatedAsync();
        var disk = await FillAsync(id);
        await ExpectedAsync(id, withDisk: false);
        var off = await OffAsync(id);
        Assert.Contains("two", off.Reason, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.Unavailable, (await DeniedAsync(From, new VmAsk(id, ++Correlation, null, Allowed<VmCommand>(new VmCommand.Start())))).Code);
        await ExpectedAsync(id, withDisk: true);
        await GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.Release("two", off.Revision)));
        await RunsThereAsync(id, incarnation: 2);
        Assert.Equal(disk, await File.ReadAllBytesAsync(DiskOf(Two, id)));
        await GoneHereAsync(id);
        Assert.Empty((await Two.Hypervisor.ImportsAsync()).Value!);
    }

    [Fact]
    public async Task A_disk_that_the_other_node_has_not_when_the_vm_is_its_own_is_brought_then()
    {
        var id = await CreatedAsync();
        var disk = await FillAsync(id);
        var off = await OffAsync(id);
        await GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.Release("two", off.Revision)));
        await RunsThereAsync(id, incarnation: 2);
        Assert.Equal(disk, await File.ReadAllBytesAsync(DiskOf(Two, id)));
        await GoneHereAsync(id);
    }

    [Fact]
    public async Task A_disk_that_came_before_the_vm_ran_again_is_taken_anew()
    {
        var id = await CreatedAsync();
        await FillAsync(id);
        await ExpectedAsync(id, withDisk: false);
        await OffAsync(id);
        await ExpectedAsync(id, withDisk: true);
        await GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.End("the node is not drained any more")));
        await SeenAsync(From, id, view => view is { Phase: VmPhase.Running, Move: null });

        var disk = await FillAsync(id);
        await ExpectedAsync(id, withDisk: false);
        var off = await OffAsync(id);
        await ExpectedAsync(id, withDisk: true);
        await GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.Release("two", off.Revision)));
        await RunsThereAsync(id, incarnation: 3);
        Assert.Equal(disk, await File.ReadAllBytesAsync(DiskOf(Two, id)));
    }

    [Fact]
    public async Task A_vm_that_was_off_is_off_there()
    {
        var id = await CreatedAsync();
        await GrantedAsync(From, new VmAsk(id, ++Correlation, null, Allowed<VmCommand>(new VmCommand.Stop(Forced: true))));
        await SeenAsync(From, id, view => view.Phase == VmPhase.Stopped);
        var off = await OffAsync(id);
        await ExpectedAsync(id, withDisk: true);
        await GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.Release("two", off.Revision)));
        await SeenAsync(To, id, view => view is { Phase: VmPhase.Stopped, Incarnation: 1, Node: "two" });
        await GoneHereAsync(id);
    }

    [Fact]
    public async Task Who_asks_the_node_before_is_sent_on_once_it_has_released_the_vm()
    {
        var strays = CreateTestProbe("strays");
        From.Tell(new HostMessages.SendStraysTo(strays));
        var id = await CreatedAsync();
        var off = await OffAsync(id);
        await GrantedAsync(From, new VmQuery(id, ++Correlation, null, Samples.Everything));
        await GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.Release("two", off.Revision)));
        foreach (var isGone in (bool[])[false, true])
        {
            if (isGone)
            {
                await GoneHereAsync(id);
            }

            From.Tell(new VmQuery(id, ++Correlation, null, Samples.Everything), Session);
            var stray = await strays.ExpectMsgAsync<HostMessages.Stray>();
            Assert.Equal((Correlation, Session.Ref), (stray.About.Correlation, stray.Sender));
        }
    }

    [Fact]
    public async Task A_node_that_starts_again_takes_what_was_released_to_it_meanwhile()
    {
        var id = await CreatedAsync();
        await FillAsync(id);
        await ExpectedAsync(id, withDisk: false);
        await StopAsync(To);
        var off = await OffAsync(id);
        await GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.Release("two", off.Revision)));
        await Two.RestartAsync();
        To = await StartAsync("two", Two);
        await RunsThereAsync(id, incarnation: 2);
        await GoneHereAsync(id);
    }

    [Fact]
    public async Task A_node_that_starts_again_removes_what_became_the_other_ones_meanwhile()
    {
        var id = await CreatedAsync();
        await FillAsync(id);
        var off = await OffAsync(id);
        await ExpectedAsync(id, withDisk: true);
        await GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.Release("two", off.Revision)));
        await StopAsync(From);
        await RunsThereAsync(id, incarnation: 2);
        await One.RestartAsync();
        From = await StartAsync("one", One);
        await GoneHereAsync(id);
    }

    [Fact]
    public async Task A_vm_that_was_released_to_a_node_that_was_given_up_is_taken_back_and_runs_again()
    {
        var id = await CreatedAsync();
        await StopAsync(To);
        var off = await OffAsync(id);
        await GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.Release("two", off.Revision)));
        await SeenAsync(From, id, view => view.Move is { IsReleased: true });
        Known.GivenUp = "two";
        await SeenAsync(From, id, view => view is { Phase: VmPhase.Running, Incarnation: 2, Move: null });
    }

    [Fact]
    public async Task A_vm_that_stays_after_all_runs_again_and_its_room_elsewhere_is_not_filled_by_it()
    {
        var id = await CreatedAsync();
        await ExpectedAsync(id, withDisk: false);
        await OffAsync(id);
        await GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.End("the other node is slow")));
        await SeenAsync(From, id, view => view is { Phase: VmPhase.Running, Incarnation: 2, Move: null });
        Assert.Empty(await ListAsync(To));
    }

    [Fact]
    public async Task A_node_is_drained_until_it_is_cordoned_or_resumed_also_over_its_restarts()
    {
        await CreatedAsync();
        await WishAsync(new CordonWish(IsCordoned: true, "a fan", Drains: true));
        await StopAsync(From);
        await One.RestartAsync();
        From = await StartAsync("one", One);
        var view = await LookAsync(From);
        Assert.Equal((true, "a fan", 1), (view.Cordon?.IsDrain, view.Cordon?.Why, view.Drain?.Left));
        From.Tell(new HostMessages.DrainAdvanced(new DrainStanding(1, [new DrainStay("it is suspended", 1)])));
        Assert.Equal("it is suspended", Assert.Single((await LookAsync(From)).Drain!.Staying).Why);
        await WishAsync(new CordonWish(IsCordoned: true, "a fan"));
        view = await LookAsync(From);
        Assert.Equal((false, null), (view.Cordon?.IsDrain, view.Drain));
        await WishAsync(new CordonWish(IsCordoned: false, null));
        Assert.Null((await LookAsync(From)).Cordon);

        // What was told of one drain says nothing of the next.
        From.Tell(new HostMessages.DrainAdvanced(new DrainStanding(0, [])));
        await WishAsync(new CordonWish(IsCordoned: true, null, Drains: true));
        Assert.Equal(1, (await LookAsync(From)).Drain?.Left);
    }

    private async Task WishAsync(CordonWish wish)
    {
        From.Tell(new HostMessages.SetCordon(++Correlation, "one", Allowed(wish)), Session);
        await Session.FishForMessageAsync<HostMessages.NodeDone>(done => done.Correlation == Correlation);
    }
}
