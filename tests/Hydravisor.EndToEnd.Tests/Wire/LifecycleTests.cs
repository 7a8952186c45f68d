using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>A VM's life over the wire, and what is refused at which point of it.</summary>
public class LifecycleTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    [Fact]
    [Covers("vm/suspend", "vm/resume", "vm/reboot", "vm/stop", "vm/start", "vm/delete")]
    public async Task A_vm_lives_from_create_to_delete()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        Assert.Equal("running", (await connection.BringAsync("vm/suspend", id, "suspended")).Text("previous"));
        Assert.Equal(1, (await connection.BringAsync("vm/resume", id, "running")).Number("incarnation"));
        Assert.Equal(2, (await connection.BringAsync("vm/reboot", id, "booting")).Number("incarnation"));
        Assert.Equal(2, (await connection.BroadcastAsync(id, "running")).Number("incarnation"));
        Assert.Equal("running", (await connection.BringAsync("vm/stop", id, "stopping")).Text("previous"));
        Assert.Equal(2, (await connection.BroadcastAsync(id, "stopped")).Number("incarnation"));
        Assert.Equal(3, (await connection.BringAsync("vm/start", id, "booting")).Number("incarnation"));
        Assert.Equal(3, (await connection.BroadcastAsync(id, "running")).Number("incarnation"));
        Assert.Equal("running", (await connection.BringAsync("vm/delete", id, "deleting")).Text("previous"));
        Assert.Equal("deleting", (await connection.BroadcastAsync(id, "deleted")).Text("previous"));
        (await connection.StateAsync(id)).MustBeError(404, id);
    }

    [Fact]
    public async Task A_stop_by_force_does_not_ask_the_guest()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync("""  "meta":{"labels":{"simulated-guest":"deaf"}} """);
        (await connection.AskAsync("vm/stop", id, "\"force\":true")).MustBeOk("vm/stop");
        await connection.BroadcastAsync(id, "stopped");
    }

    [Fact]
    public async Task A_deaf_guest_that_was_asked_to_stop_can_still_be_forced()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync("""  "meta":{"labels":{"simulated-guest":"deaf"}} """);
        await connection.BringAsync("vm/stop", id, "stopping");
        (await connection.AskAsync("vm/stop", id, "\"force\":true")).MustBeOk("vm/stop");
        await connection.BroadcastAsync(id, "stopped");
    }

    [Fact]
    public async Task A_guest_that_powers_itself_off_is_stopped()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateAsync("""  "meta":{"labels":{"simulated-guest":"frail"}} """);
        Assert.Contains("itself", (await connection.BroadcastAsync(id, "stopped")).Text("reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleting_twice_is_no_error_also_when_it_is_long_gone()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        (await connection.AskAsync("vm/delete", id)).MustBeOk("vm/delete");
        (await connection.AskAsync("vm/delete", id)).MustBeOk("vm/delete");
        await connection.BroadcastAsync(id, "deleted");
        Assert.Equal(id, (await connection.AskAsync("vm/delete", id)).MustBeOk("vm/delete").Id());
    }

    [Fact]
    public async Task A_vm_that_is_suspended_or_only_just_asked_for_can_be_deleted()
    {
        var connection = await ConnectAsync();
        var suspended = await connection.CreateRunningAsync();
        await connection.BringAsync("vm/suspend", suspended, "suspended");
        await connection.BringAsync("vm/delete", suspended, "deleted");
        var fresh = await connection.CreateAsync();
        await connection.BringAsync("vm/delete", fresh, "deleted");
    }

    [Theory]
    [InlineData("vm/resume")]
    [InlineData("vm/start")]
    public async Task What_does_not_fit_a_running_vm_is_409(string type)
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        (await connection.AskAsync(type, id)).MustBeError(409, id, "running");
    }

    [Theory]
    [InlineData("vm/suspend")]
    [InlineData("vm/resume")]
    [InlineData("vm/reboot")]
    [InlineData("vm/stop")]
    [InlineData("vm/attach-terminal", "\"role\":\"operator\"")]
    public async Task What_does_not_fit_a_stopped_vm_is_409(string type, string more = "")
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        await connection.BringAsync("vm/stop", id, "stopped");
        (await connection.AskAsync(type, id, more)).MustBeError(409, id, "stopped");
    }

    [Theory]
    [InlineData("vm/suspend")]
    [InlineData("vm/reboot")]
    [InlineData("vm/start")]
    public async Task What_does_not_fit_a_suspended_vm_is_409(string type)
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        await connection.BringAsync("vm/suspend", id, "suspended");
        (await connection.AskAsync(type, id)).MustBeError(409, id, "suspended");
    }

    [Theory]
    [InlineData("vm/suspend")]
    [InlineData("vm/reboot")]
    [InlineData("vm/stop")]
    [InlineData("vm/delete")]
    [InlineData("vm/state", "\"query\":true")]
    public async Task A_message_meant_for_another_incarnation_is_409_and_does_nothing(string type, string more = "")
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        more = more.Length == 0 ? "" : "," + more;
        var stale = await connection.AskAsync($$$"""{"type":"{{{type}}}","instance_id":"{{{id}}}"{{{more}}},"meta":{"incarnation":7}}""");
        stale.MustBeError(409, "incarnation 1", "7");
        var state = await connection.StateAsync(id);
        Assert.Equal("running", state.Text("state"));
        var meant = await connection.AskAsync($$$"""{"type":"{{{type}}}","instance_id":"{{{id}}}"{{{more}}},"meta":{"incarnation":1}}""");
        Assert.Equal(type, meant.Type());
    }

    [Theory]
    [InlineData("vm/start")]
    [InlineData("vm/stop")]
    [InlineData("vm/suspend")]
    [InlineData("vm/resume")]
    [InlineData("vm/reboot")]
    [InlineData("vm/delete")]
    [InlineData("vm/state", "\"query\":true")]
    [InlineData("vm/state", "\"subscribe\":true")]
    [InlineData("vm/attach-terminal", "\"role\":\"auditor\"")]
    public async Task A_vm_that_is_not_there_is_404_whatever_its_id_looks_like(string type, string more = "")
    {
        var connection = await ConnectAsync();
        foreach (var id in (string[])["vm-0123456789ab", "no such id", ""])
        {
            var error = (await connection.AskAsync(type, id, more)).MustBeError(404, "vm/list");
            Assert.Equal(id, error.Id());
        }
    }
}
