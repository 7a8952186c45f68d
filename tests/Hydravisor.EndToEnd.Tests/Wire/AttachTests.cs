using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary><c>vm/attach-terminal</c> as far as the simulated terminals carry it.</summary>
public class AttachTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    [Theory]
    [InlineData("operator", "read-write")]
    [InlineData("auditor", "read-only")]
    [Covers("vm/attach-terminal")]
    public async Task An_attach_names_the_session_the_mode_and_the_command(string role, string mode)
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        var attached = await connection.AskAsync("vm/attach-terminal", id, $"\"role\":\"{role}\"");
        Assert.Equal(($"hydravisor-{id}", mode, 1), (
            attached.MustBeOk("vm/attach-terminal").Text("session"), attached.Text("mode"), attached.Number("incarnation")));
        Assert.False(string.IsNullOrWhiteSpace(attached.Text("attach")));
    }

    [Theory]
    [InlineData("", 400, "operator", "auditor")]
    [InlineData("\"role\":\"root\"", 422, "operator", "auditor")]
    [InlineData("\"role\":5", 400, "role")]
    public async Task An_attach_without_a_proper_role_is_refused(string more, int code, params string[] says)
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        (await connection.AskAsync("vm/attach-terminal", id, more)).MustBeError(code, says);
    }

    [Fact]
    public async Task A_suspended_vm_can_be_attached_to()
    {
        var connection = await ConnectAsync();
        var id = await connection.CreateRunningAsync();
        await connection.BringAsync("vm/suspend", id, "suspended");
        (await connection.AskAsync("vm/attach-terminal", id, "\"role\":\"auditor\"")).MustBeOk("vm/attach-terminal");
    }
}
