using System.Text.Json;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary>Asking, following and listing.</summary>
public class StateTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    [Fact]
    [Covers("vm/state")]
    public async Task Who_subscribes_to_a_vm_hears_of_it_and_of_no_other()
    {
        var (owner, follower) = (await ConnectAsync(), await ConnectAsync());
        var (followed, other) = (await owner.CreateRunningAsync(), await owner.CreateRunningAsync());
        var state = await follower.AskAsync("vm/state", followed, "\"subscribe\":true");
        Assert.Equal(("vm/state", "running", false), (state.Type(), state.Text("state"), state.Has("broadcast")));
        await owner.BringAsync("vm/suspend", other, "suspended");
        await owner.BringAsync("vm/suspend", followed, "suspended");
        var heard = await follower.BroadcastAsync(followed, "suspended");
        Assert.Equal("running", heard.Text("previous"));
        Assert.DoesNotContain(follower.Unread, line => line.Id() == other);
    }

    [Fact]
    public async Task Who_only_asks_hears_nothing_more()
    {
        var (owner, asker) = (await ConnectAsync(), await ConnectAsync());
        var id = await owner.CreateRunningAsync();
        await asker.StateAsync(id);
        await owner.BringAsync("vm/suspend", id, "suspended");
        await asker.StateAsync(id);
        Assert.Empty(asker.Unread);
    }

    [Fact]
    public async Task Who_subscribes_to_all_hears_of_vms_that_come_later()
    {
        var (owner, follower) = (await ConnectAsync(), await ConnectAsync());
        var before = await owner.CreateRunningAsync();
        var all = await follower.AskAllAsync("\"subscribe\":true");
        Assert.Contains(all, state => state.Id() == before && state.Text("state") == "running");
        var later = await owner.CreateRunningAsync();
        await follower.BroadcastAsync(later, "running");
        await owner.BringAsync("vm/delete", later, "deleted");
        await follower.BroadcastAsync(later, "deleted");
    }

    [Fact]
    public async Task The_question_for_all_is_answered_by_each_and_by_an_end()
    {
        var connection = await ConnectAsync();
        var ids = new[] { await connection.CreateRunningAsync(), await connection.CreateRunningAsync() };
        var all = await connection.AskAllAsync("\"query\":true");
        Assert.Superset(ids.ToHashSet(), all.Select(state => state.Id()).ToHashSet());
    }

    [Fact]
    public async Task Broadcasts_of_a_vm_come_in_the_order_of_its_revisions_and_leave_none_out()
    {
        var (owner, follower) = (await ConnectAsync(), await ConnectAsync());
        var id = await owner.CreateRunningAsync();
        await follower.AskAsync("vm/state", id, "\"subscribe\":true");
        for (var i = 0; i < 20; i++)
        {
            await owner.BringAsync("vm/suspend", id, "suspended");
            await owner.BringAsync("vm/resume", id, "running");
        }

        await owner.BringAsync("vm/delete", id, "deleted");
        var heard = new List<JsonElement>();
        do
        {
            heard.Add(await follower.NextAsync());
        }
        while (heard[^1].Text("state") != "deleted");

        Assert.Equal(heard.Select(line => line.Number("revision")).Order(), heard.Select(line => line.Number("revision")));
        Assert.Equal(heard.Select(line => line.Text("state")).SkipLast(1), heard.Select(line => line.Text("previous")).Skip(1));
        Assert.Equal(42, heard.Count);
    }

    [Fact]
    [Covers("vm/list")]
    public async Task A_list_lets_through_what_its_filters_say()
    {
        var connection = await ConnectAsync();
        var red = await connection.CreateRunningAsync("""  "meta":{"name":"list-red","labels":{"list":"1","team":"red"}} """);
        var blue = await connection.CreateRunningAsync("""  "meta":{"name":"list-blue","labels":{"list":"1","team":"blue"}} """);
        var still = await connection.CreateRunningAsync("""  "meta":{"name":"list-still","labels":{"list":"1","team":"red"}} """);
        await connection.BringAsync("vm/suspend", still, "suspended");
        async Task<string[]> Listed(string filters) =>
            [.. (await connection.AskAsync($$"""{"type":"vm/list",{{filters}}}""")).MustBeOk("vm/list").GetProperty("instances").EnumerateArray().Select(vm => vm.Id()).Order()];
        string[] Ids(params string[] ids) => [.. ids.Order()];

        Assert.Equal(Ids(red, blue, still), await Listed("\"labels\":{\"list\":\"1\"}"));
        Assert.Equal(Ids(red, still), await Listed("\"labels\":{\"list\":\"1\",\"team\":\"red\"}"));
        Assert.Equal(Ids(still), await Listed("\"labels\":{\"list\":\"1\"},\"state\":\"suspended\""));
        Assert.Equal(Ids(red), await Listed("\"labels\":{\"list\":\"1\",\"team\":\"red\"},\"state\":\"running\""));
        Assert.Empty(await Listed("\"labels\":{\"list\":\"2\"}"));
        Assert.Equal(
            Ids(red, blue, still),
            Ids([.. (await connection.AskAsync("""{"type":"vm/list"}""")).GetProperty("instances").EnumerateArray().Where(vm => vm.Text("name")!.StartsWith("list-", StringComparison.Ordinal)).Select(vm => vm.Id())]));
    }

    [Fact]
    public async Task A_list_of_a_state_that_there_is_not_is_422_and_names_those_there_are()
    {
        var connection = await ConnectAsync();
        (await connection.AskAsync("""{"type":"vm/list","state":"dancing"}""")).MustBeError(422, "running", "suspended");
    }

    [Fact]
    public async Task An_answered_create_is_in_the_next_list_and_an_answered_delete_shows_in_the_next_state()
    {
        var connection = await ConnectAsync();
        for (var i = 0; i < 20; i++)
        {
            var id = await connection.CreateAsync("""  "meta":{"labels":{"next":"1"}} """);
            var list = await connection.AskAsync("""{"type":"vm/list","labels":{"next":"1"}}""");
            Assert.Contains(list.GetProperty("instances").EnumerateArray(), vm => vm.Id() == id);
            (await connection.AskAsync("vm/delete", id)).MustBeOk("vm/delete");
            var state = await connection.StateAsync(id);
            Assert.True(state.Type() == "mcp/error" || state.Text("state") is "deleting", state.GetRawText());
        }
    }
}

/// <summary>The question for all VMs.</summary>
internal static class AllStates
{
    /// <summary>Asks for the states of all, and takes them up to the end.</summary>
    public static async Task<IReadOnlyList<JsonElement>> AskAllAsync(this RawConnection connection, string how)
    {
        const string Key = "all-of-them";
        await connection.SendAsync($$$"""{"type":"vm/state","instance_id":"*",{{{how}}},"meta":{"request_id":"{{{Key}}}"}}""");
        var states = new List<JsonElement>();
        while (true)
        {
            var line = await connection.ReplyAsync(Key);
            if (line.Flag("ok"))
            {
                Assert.Equal("*", line.MustBeOk("vm/state").Id());
                return states;
            }

            states.Add(line);
        }
    }
}
