using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Live;

namespace Hydravisor.Actors.Tests.Hypervisors;

/// <summary>What a form must do of a domain that goes to another node as it runs. On libvirt it needs a second daemon, which the tests of a cluster have.</summary>
public abstract class LiveMoveContract : MovedDiskContract
{
    private readonly List<LiveChannel> _used = [];

    [Fact]
    public async Task A_domain_goes_to_another_node_and_stands_still_there_until_it_is_resumed()
    {
        await BootAsync(1);
        Fill(DiskOf(there: false));
        await using var other = await OtherAsync();
        await Done(SendAsync(other, await LandedAsync(other)));
        Assert.Equal(await File.ReadAllBytesAsync(DiskOf(there: false)), await File.ReadAllBytesAsync(DiskOf(there: true)));
        Assert.Equal(Power.Off, (await SeenAsync()).Power);
        Assert.Equal(Power.Paused, (await SeenAsync(other)).Power);
        Assert.Contains(LiveChannel.Memory, _used);
        await Done(other.ProvisionAsync(Plan with { IsImported = true }));
        await Done(other.MarkBootAsync(Plan.Id, 1));
        await Done(other.ResumeAsync(Plan.Id));
        var there = await SeenAsync(other);
        Assert.Equal((Power.Running, true), (there.Power, there.Run != 0));
        Assert.True((await other.WaitReadyAsync(Plan, 1, CancellationToken.None)).IsDone);
        Assert.Empty((await other.ImportsAsync()).Value!);
        Assert.False((await other.ReceiveAsync(Plan.Id, LiveChannel.Memory)).IsDone);
        await Done(other.RemoveAsync(Plan.Id));
    }

    [Fact]
    public async Task A_domain_that_does_not_run_goes_nowhere()
    {
        await Done(Hypervisor.ProvisionAsync(Plan));
        await using var other = await OtherAsync();
        Assert.Equal(OutcomeKind.Failed, (await SendAsync(other, await LandedAsync(other))).Kind);
        Assert.Equal(Power.Off, (await SeenAsync(other)).Power);
        await Done(other.RemoveAsync(Plan.Id));
    }

    [Fact]
    public async Task A_domain_whose_way_breaks_runs_on()
    {
        var run = await BootAsync(1);
        await using var other = await OtherAsync();
        var landing = await LandedAsync(other);
        var sent = await Hypervisor.SendAsync(Plan.Id, landing, async channel =>
        {
            var link = (await other.ReceiveAsync(Plan.Id, channel)).Value!;
            await link.DisposeAsync();
            return Outcome<LiveLink>.Done(link);
        });
        Assert.Equal(OutcomeKind.Failed, sent.Kind);
        Assert.Equal((Power.Running, run), ((await SeenAsync()).Power, (await SeenAsync()).Run));
        Assert.Equal(OutcomeKind.Failed, (await Hypervisor.SendAsync(Plan.Id, landing, _ => Task.FromResult(Outcome<LiveLink>.Failed("there is no way")))).Kind);
        Assert.Equal((Power.Running, run), ((await SeenAsync()).Power, (await SeenAsync()).Run));
        await Done(other.RemoveAsync(Plan.Id));
    }

    [Fact]
    public async Task A_place_for_a_domain_that_does_not_come_lies_aside_and_is_removed_with_all_that_is_in_it()
    {
        await BootAsync(1);
        await using var other = await OtherAsync();
        Assert.False((await other.ReceiveAsync(Plan.Id, LiveChannel.Memory)).IsDone);
        await Done(SendAsync(other, await LandedAsync(other)));
        Assert.Equal(KeyValuePair.Create(Plan.Id, false), Assert.Single((await other.ImportsAsync()).Value!));
        await Done(other.DropImportAsync(Plan.Id));
        Assert.Empty((await other.ImportsAsync()).Value!);
        Assert.Equal(Power.Missing, (await SeenAsync(other)).Power);
        Assert.False(File.Exists(DiskOf(there: true)));
    }

    [Fact]
    public async Task A_place_is_made_anew_each_time()
    {
        await BootAsync(1);
        await using var other = await OtherAsync();
        await Done(SendAsync(other, await LandedAsync(other)));
        await LandedAsync(other);
        Assert.Equal(Power.Off, (await SeenAsync(other)).Power);
        await Done(other.RemoveAsync(Plan.Id));
    }

    private async Task<Landing> LandedAsync(IHypervisor other)
    {
        var landed = await other.LandAsync(Plan);
        Assert.True(landed.IsDone, landed.Result.Reason);
        return landed.Value!;
    }

    private async Task<Outcome> SendAsync(IHypervisor other, Landing landing) => await Hypervisor.SendAsync(Plan.Id, landing, channel =>
    {
        _used.Add(channel);
        return other.ReceiveAsync(Plan.Id, channel);
    });

    private async Task<Sighting> SeenAsync(IHypervisor other)
    {
        var seen = await other.InspectAsync(Plan.Id);
        Assert.True(seen.IsDone, seen.Result.Reason);
        return seen.Value!;
    }
}
