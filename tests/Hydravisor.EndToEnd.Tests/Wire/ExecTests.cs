using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Wire;

/// <summary><c>vm/exec</c> as far as simulated guests carry it.</summary>
public class ExecTests(SharedNode shared, ITestOutputHelper output) : SharedNodeTest(shared, output)
{
    [Fact]
    [Covers("vm/exec")]
    public async Task A_command_that_ran_is_ok_whatever_its_exit_code()
    {
        var connection = await ConnectAsync();
        var id = await RunningWithAgentAsync(connection);
        var ran = await connection.AskAsync("vm/exec", id, """ "command":"echo out; echo err >&2; exit 3","meta":{"request_id":"x-1"} """);
        Assert.Equal(
            (3, "out\n", "err\n", false, 1),
            (ran.MustBeOk("vm/exec").Number("exit_code"), ran.Text("stdout"), ran.Text("stderr"), ran.Flag("truncated"), ran.Number("incarnation")));
        Assert.Equal("x-1", ran.GetProperty("meta").Text("request_id"));
        var argv = await connection.AskAsync("vm/exec", id, """ "argv":["/bin/cat"],"stdin":"typed" """);
        Assert.Equal("typed", argv.MustBeOk("vm/exec").Text("stdout"));
    }

    [Fact]
    public async Task One_that_did_not_run_is_an_error_that_says_why()
    {
        var connection = await ConnectAsync();
        var id = await RunningWithAgentAsync(connection);
        (await connection.AskAsync("vm/exec", id, """ "argv":["/nowhere/program"] """)).MustBeError(422, "not started", "/nowhere/program");
        (await connection.AskAsync("vm/exec", id, """ "argv":["/bin/sleep","60"],"timeout_s":1 """)).MustBeError(408, "1 s", "killed");
        (await connection.AskAsync("vm/exec", id)).MustBeError(400, "command", "argv");
        (await connection.AskAsync("vm/exec", id, """ "argv":["ls"] """)).MustBeError(422, "absolute path");
        (await connection.AskAsync("vm/exec", id, """ "argv":"ls" """)).MustBeError(400, "argv");
        await connection.BringAsync("vm/suspend", id, "suspended");
        (await connection.AskAsync("vm/exec", id, """ "command":"true" """)).MustBeError(409, "suspended");
        var tiny = await connection.CreateRunningAsync();
        (await connection.AskAsync("vm/exec", tiny, """ "command":"true" """)).MustBeError(409, "guest agent");
    }

    private static async Task<string> RunningWithAgentAsync(RawConnection connection)
    {
        var id = (await connection.AskAsync("""{"type":"vm/create","os":"debian-12"}""")).MustBeOk("vm/create").Id();
        await connection.BroadcastAsync(id, "running");
        return id;
    }
}
