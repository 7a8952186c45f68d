using System.Globalization;
using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary><c>vm/create</c>: what it answers, what it refuses, and that repeating it is safe.</summary>
public class CreateTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    [Fact]
    [Covers("vm/create")]
    public async Task A_create_is_answered_at_once_and_its_connection_follows_the_vm_without_asking()
    {
        var connection = await ConnectAsync();
        var reply = await connection.AskAsync("""{"type":"vm/create","os":"tiny","meta":{"request_id":"follow-me"}}""");
        Assert.Matches("^vm-[0-9a-f]{12}$", reply.MustBeOk("vm/create").Id());
        Assert.Equal(("provisioning", "follow-me"), (reply.Text("state"), reply.RequestId()));
        var booting = await connection.BroadcastAsync(reply.Id(), "booting");
        Assert.Equal(("provisioning", 1), (booting.Text("previous"), booting.Number("incarnation")));
        var running = await connection.BroadcastAsync(reply.Id(), "running");
        Assert.Equal(("booting", 1), (running.Text("previous"), running.Number("incarnation")));
        Assert.True(running.Number("revision") > booting.Number("revision"));
    }

    [Fact]
    public async Task A_create_without_wishes_gets_the_defaults()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        var state = await connection.StateAsync(id);
        Assert.Equal((1, "512MB", "none", id, false, false), (
            state.Number("cpu"), state.Text("ram"), state.Text("network"), state.Text("name"), state.Has("model"), state.Has("labels")));
        Assert.False(string.IsNullOrEmpty(state.Text("node")));
        Assert.True(DateTimeOffset.TryParse(state.Text("since"), CultureInfo.InvariantCulture, out _));
        Assert.EndsWith("Z", state.Text("since"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_create_gets_what_it_wishes()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync(
            """
            "cpu":3,"ram":"1GiB","disk":"8GB","network":"user","model":"ollama:llama3","unknown":1,
            "meta":{"name":"wishes-1","labels":{"team":"red","tier":"2"},"record_session":true}
            """);
        var state = await connection.StateAsync(id);
        Assert.Equal((3, "1GB", "8GB", "user", "ollama:llama3", "wishes-1", true), (
            state.Number("cpu"), state.Text("ram"), state.Text("disk"), state.Text("network"), state.Text("model"), state.Text("name"),
            state.Flag("record_session")));
        Assert.Equal(("red", "2"), (state.GetProperty("labels").Text("team"), state.GetProperty("labels").Text("tier")));
    }

    [Fact]
    public async Task A_repeated_create_returns_the_same_vm_from_any_connection_and_creates_nothing()
    {
        const string Create = """{"type":"vm/create","os":"tiny","ram":"1GB","meta":{"request_id":"once","labels":{"test":"repeat"}}}""";
        var (first, second) = (await ConnectAsync(), await ConnectAsync());
        var id = (await first.AskAsync(Create)).MustBeOk("vm/create").Id();
        await first.BroadcastAsync(id, "running");
        Assert.Equal(id, (await first.AskAsync(Create)).MustBeOk("vm/create").Id());
        Assert.Equal(id, (await second.AskAsync(Create)).MustBeOk("vm/create").Id());
        Assert.Equal(id, (await second.AskAsync(Create.Replace("1GB", "1GiB", StringComparison.Ordinal))).MustBeOk("vm/create").Id());
        var list = await first.AskAsync("""{"type":"vm/list","labels":{"test":"repeat"}}""");
        Assert.Equal(1, list.GetProperty("instances").GetArrayLength());

        // Who repeats it follows it too: it cannot know that the first answer was not lost.
        (await first.AskAsync("vm/suspend", id)).MustBeOk("vm/suspend");
        await second.BroadcastAsync(id, "suspended");
    }

    [Fact]
    public async Task A_hundred_repeats_at_once_are_one_vm()
    {
        const string Create = """{"type":"vm/create","os":"tiny","meta":{"request_id":"stampede","labels":{"test":"stampede"}}}""";
        var connections = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => ConnectAsync()));
        var replies = await Task.WhenAll(connections.SelectMany(connection => Enumerable.Range(0, 10).Select(async _ =>
        {
            await connection.SendAsync(Create);
            return await connection.ReplyAsync("stampede");
        })));
        Assert.Single(replies.Select(reply => reply.MustBeOk("vm/create").Id()).Distinct());
        var list = await connections[0].AskAsync("""{"type":"vm/list","labels":{"test":"stampede"}}""");
        Assert.Equal(1, list.GetProperty("instances").GetArrayLength());
    }

    [Theory]
    [InlineData("\"cpu\":2")]
    [InlineData("\"ram\":\"2GB\"")]
    [InlineData("\"disk\":\"9GB\"")]
    [InlineData("\"network\":\"user\"")]
    [InlineData("\"model\":\"a:b\"")]
    public async Task The_same_request_id_with_other_parameters_is_409(string other)
    {
        var connection = await ConnectAsync();
        var key = "other-" + other.GetHashCode(StringComparison.Ordinal).ToString(CultureInfo.InvariantCulture);
        var id = await connection.CreateAsync($$"""  "meta":{"request_id":"{{key}}"} """);
        var error = await connection.AskAsync($$$"""{"type":"vm/create","os":"tiny",{{{other}}},"meta":{"request_id":"{{{key}}}"}}""");
        error.MustBeError(409, key, id);
    }

    [Fact]
    public async Task A_repeat_after_the_delete_returns_the_deleted_vm_and_creates_nothing()
    {
        const string Create = """{"type":"vm/create","os":"tiny","meta":{"request_id":"gone","labels":{"test":"gone"}}}""";
        var connection = await ConnectAsync();
        var id = (await connection.AskAsync(Create)).MustBeOk("vm/create").Id();
        await connection.BringAsync("vm/delete", id, "deleted");
        var again = (await connection.AskAsync(Create)).MustBeOk("vm/create");
        Assert.Equal((id, "deleted"), (again.Id(), again.Text("state")));
        var list = await connection.AskAsync("""{"type":"vm/list","labels":{"test":"gone"}}""");
        Assert.Equal(0, list.GetProperty("instances").GetArrayLength());
        var other = await connection.AskAsync("""{"type":"vm/create","os":"tiny","cpu":2,"meta":{"request_id":"gone"}}""");
        other.MustBeError(409, "gone");
    }

    [Fact]
    public async Task A_name_that_is_taken_is_409_until_its_vm_is_deleted()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync("""  "meta":{"name":"taken"} """);
        var error = await connection.AskAsync("""{"type":"vm/create","os":"tiny","meta":{"name":"taken"}}""");
        error.MustBeError(409, "taken", id);
        await connection.BringAsync("vm/delete", id, "deleted");
        var again = await connection.CreateAsync("""  "meta":{"name":"taken"} """);
        Assert.NotEqual(id, again);
    }

    [Theory]
    [InlineData("\"os\":\"templeos\"", "templeos", "debian-12", "tiny", "ubuntu-22.04")]
    [InlineData("\"os\":\"tiny\",\"cpu\":0", "cpu 0")]
    [InlineData("\"os\":\"tiny\",\"cpu\":-1", "cpu -1")]
    [InlineData("\"os\":\"tiny\",\"cpu\":65", "cpu 65", "64")]
    [InlineData("\"os\":\"tiny\",\"cpu\":99999999999", "cpu 99999999999")]
    [InlineData("\"os\":\"tiny\",\"ram\":\"4XB\"", "ram", "4XB")]
    [InlineData("\"os\":\"tiny\",\"ram\":\"0GB\"", "ram", "0GB")]
    [InlineData("\"os\":\"tiny\",\"ram\":\"1MB\"", "ram", "32MB")]
    [InlineData("\"os\":\"tiny\",\"ram\":\"9TB\"", "ram", "256GB")]
    [InlineData("\"os\":\"tiny\",\"disk\":\"lots\"", "disk", "lots")]
    [InlineData("\"os\":\"tiny\",\"network\":\"bridge\"", "network", "bridge", "user")]
    [InlineData("\"os\":\"tiny\",\"model\":\"\"", "model")]
    [InlineData("\"os\":\"tiny\",\"meta\":{\"name\":\"Bad Name\"}", "Bad Name", "a-z")]
    [InlineData("\"os\":\"tiny\",\"meta\":{\"name\":\"\"}", "name")]
    [InlineData("\"os\":\"tiny\",\"meta\":{\"labels\":{\"-x\":\"1\"}}", "label", "-x")]
    public async Task What_is_impossible_is_422_and_says_what_would_be_right(string fields, params string[] says)
    {
        var connection = await ConnectAsync();
        (await connection.AskAsync($$"""{"type":"vm/create",{{fields}}}""")).MustBeError(422, says);
    }

    [Theory]
    [InlineData("\"cpu\":2", "os")]
    [InlineData("\"os\":5", "os")]
    [InlineData("\"os\":\"tiny\",\"cpu\":\"two\"", "cpu")]
    [InlineData("\"os\":\"tiny\",\"cpu\":1.5", "cpu")]
    [InlineData("\"os\":\"tiny\",\"ram\":4", "ram")]
    [InlineData("\"os\":\"tiny\",\"meta\":{\"labels\":{\"x\":1}}", "labels")]
    public async Task A_field_of_the_wrong_type_is_400_and_is_named(string fields, string says)
    {
        var connection = await ConnectAsync();
        (await connection.AskAsync($$"""{"type":"vm/create",{{fields}}}""")).MustBeError(400, says);
    }
}
