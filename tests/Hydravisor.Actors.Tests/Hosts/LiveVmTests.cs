using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Hosts;

/// <summary>Two hosts over one store, and a VM that goes from one to the other as it runs.</summary>
public sealed class LiveVmTests(ITestOutputHelper output) : MovingVmSpec(output)
{
    [Fact]
    public async Task A_vm_that_runs_goes_to_another_node_and_runs_on_there_in_the_same_incarnation()
    {
        var id = await CreatedAsync();
        var disk = await FillAsync(id);
        await MigrateAsync(id, await LandedAsync(id));
        await RunsThereAsync(id, incarnation: 1);
        Assert.Equal(disk, await File.ReadAllBytesAsync(DiskOf(Two, id)));
        await GoneHereAsync(id);
        Assert.Empty((await Two.Hypervisor.ImportsAsync()).Value!);
        await GrantedAsync(To, new VmAsk(id, ++Correlation, null, Allowed<VmCommand>(new VmCommand.Suspend())));
        await SeenAsync(To, id, view => view.Phase == VmPhase.Suspended);
    }

    [Fact]
    public async Task A_vm_that_does_not_get_there_runs_on_and_nothing_of_it_stays_there()
    {
        var id = await CreatedAsync();
        var landing = await LandedAsync(id);
        await Done(Two.Hypervisor.RemoveAsync(id));
        await MigrateAsync(id, landing);
        await SeenAsync(From, id, view => view is { Phase: VmPhase.Running, Incarnation: 1, Move: null, Reason: not null });
        Assert.Empty(await ListAsync(To));
    }

    [Fact]
    public async Task A_vm_whose_way_fails_as_nobody_thought_of_runs_on()
    {
        var id = await CreatedAsync();
        var landing = await LandedAsync(id);
        Way = (_, _) => throw new InvalidOperationException("a defect");
        await MigrateAsync(id, landing);
        await SeenAsync(From, id, view => view is { Phase: VmPhase.Running, Incarnation: 1, Move: null, Reason: "a defect" });
    }

    [Fact]
    public async Task A_vm_that_is_there_when_both_nodes_are_killed_runs_on_there()
    {
        var id = await CreatedAsync();
        var landing = await LandedAsync(id);
        await StopAsync(To);
        await MigrateAsync(id, landing);
        await SeenAsync(From, id, view => view.IsReleased);
        await StopAsync(From);
        await Two.RestartAsync();
        await One.RestartAsync();
        To = await StartAsync("two", Two);
        await RunsThereAsync(id, incarnation: 1);
        From = await StartAsync("one", One);
        await GoneHereAsync(id);
    }

    [Fact]
    public async Task A_vm_whose_node_is_killed_on_the_way_stays_and_what_came_of_it_is_removed()
    {
        var id = await CreatedAsync();
        var landing = await LandedAsync(id);
        var gate = new TaskCompletionSource();
        Way = async (_, channel) =>
        {
            await gate.Task;
            return await Two.Hypervisor.ReceiveAsync(id, channel);
        };
        await MigrateAsync(id, landing);
        await StopAsync(From);
        await StopAsync(To);
        gate.SetResult();
        await One.RestartAsync();
        From = await StartAsync("one", One);
        await SeenAsync(From, id, view => view is { Phase: VmPhase.Running, Move: null });
        await Two.RestartAsync();
        To = await StartAsync("two", Two);
        await Wait.Until(async () => (await Two.Hypervisor.InspectAsync(id)).Value is { Power: Power.Missing }, "its place is removed");
        Assert.Empty((await Two.Hypervisor.ImportsAsync()).Value!);
    }

    [Fact]
    public async Task One_whose_memory_was_lost_there_boots_from_its_disk()
    {
        var id = await CreatedAsync();
        var landing = await LandedAsync(id);
        await StopAsync(To);
        await MigrateAsync(id, landing);
        await SeenAsync(From, id, view => view.IsReleased);
        await Done(Two.Hypervisor.DestroyAsync(id));
        await Two.RestartAsync();
        To = await StartAsync("two", Two);
        await RunsThereAsync(id, incarnation: 2);
    }

    [Fact]
    public async Task One_of_which_nothing_is_left_there_is_brought_with_its_disk()
    {
        var id = await CreatedAsync();
        var disk = await FillAsync(id);
        var landing = await LandedAsync(id);
        await StopAsync(To);
        await MigrateAsync(id, landing);
        await SeenAsync(From, id, view => view.IsReleased);
        await Done(Two.Hypervisor.RemoveAsync(id));
        await Two.RestartAsync();
        To = await StartAsync("two", Two);
        await RunsThereAsync(id, incarnation: 2);
        Assert.Equal(disk, await File.ReadAllBytesAsync(DiskOf(Two, id)));
    }

    [Fact]
    public async Task A_place_that_is_asked_for_again_is_the_same_one_and_a_new_one_for_a_new_attempt()
    {
        var id = await CreatedAsync();
        await LandedAsync(id);
        var first = Correlation;
        Assert.True((await Two.Hypervisor.ReceiveAsync(id, LiveChannel.Memory)).IsDone);
        await LandedAsync(id, first);
        await LandedAsync(id, first + 1);
        await ExpectedAsync(id, withDisk: false);
    }

    [Fact]
    public async Task The_place_and_the_room_of_one_that_stays_are_let_go_and_can_be_had_again()
    {
        var id = await CreatedAsync();
        await LandedAsync(id);
        Assert.Equal(1, (await LookAsync(To)).Room!.Vms);
        To.Tell(new HostMessages.ExpectNoMore(id, "one"), Session);
        await Wait.Until(async () => (await Two.Hypervisor.InspectAsync(id)).Value is { Power: Power.Missing }, "its place is removed");
        await Wait.Until(async () => (await LookAsync(To)).Room!.Vms == 0, "its room is free");
        Assert.Empty((await Two.Hypervisor.ImportsAsync()).Value!);
        await MigrateAsync(id, await LandedAsync(id));
        await RunsThereAsync(id, incarnation: 1);
    }

    [Fact]
    public async Task One_that_is_said_to_stay_and_was_released_comes()
    {
        var id = await CreatedAsync();
        var landing = await LandedAsync(id);
        await StopAsync(To);
        await MigrateAsync(id, landing);
        await SeenAsync(From, id, view => view.IsReleased);
        await Two.RestartAsync();
        To = await StartAsync("two", Two);
        To.Tell(new HostMessages.ExpectNoMore(id, "one"), Session);
        await RunsThereAsync(id, incarnation: 1);
    }

    private static async Task Done(Task<Outcome> task)
    {
        var outcome = await task;
        Assert.True(outcome.IsDone, outcome.Reason);
    }

    private async Task<Landing> LandedAsync(InstanceId id, long? again = null)
    {
        Correlation = again ?? Correlation + 1;
        To.Tell(new HostMessages.ExpectVm(Correlation, id, "one", WithDisk: false, Live: true), Session);
        var reply = await Session.FishForMessageAsync<VmReply>(reply => reply.Correlation == Correlation);
        return Assert.IsType<VmReply.Landing>(reply).Place;
    }

    private Task<VmReply.Granted> MigrateAsync(InstanceId id, Landing landing) => GrantedAsync(From, new VmMoveAsk(id, ++Correlation, new VmMoveStep.Migrate("two", landing)));
}
