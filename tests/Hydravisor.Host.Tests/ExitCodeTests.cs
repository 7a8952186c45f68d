using System.Net;
using System.Net.Sockets;
using Hydravisor.Client.Tests;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

/// <summary>Exit codes, what stands on stderr, and where the program connects to.</summary>
public class ExitCodeTests
{
    [Fact]
    public async Task A_refusal_of_the_node_is_1_with_its_message()
    {
        await using var run = new VerbRun();
        await run.AnswerAsync<VmCreate>(
            new ErrorMessage { Code = ErrorCode.Impossible, Message = "unknown os \"x\"; there are: tiny\u001b[31m" }, "vm", "create", "x", "-o", "json");
        Assert.Equal(1, await run.ExitAsync());
        Assert.Equal(("", "hydravisor: unknown os \"x\"; there are: tiny\uFFFD[31m (422)\n"), (run.Output, run.Error));

        await using var defect = new VerbRun();
        await defect.AnswerAsync<VmList>(new ErrorMessage { Code = ErrorCode.Internal, Message = "a defect of ours", ErrorId = "e-1" }, "vm", "list");
        Assert.Equal((1, "hydravisor: a defect of ours (500, e-1 in the node's log)\n"), (await defect.ExitAsync(), defect.Error));
    }

    [Theory]
    [InlineData("vm", "lst", "list")]
    [InlineData("vm", "list", "--sate", "running")]
    [InlineData("vm", "list", "--state", "dancing")]
    [InlineData("vm", "list", "-o", "yaml")]
    [InlineData("vm", "list", "--label", "red")]
    [InlineData("vm", "list", "--connect", "nowhere")]
    [InlineData("vm", "list", "--connect", "host:0")]
    [InlineData("vm", "list", "--connect", "host:99999")]
    [InlineData("vm", "list", "--connect", "host:7411/path")]
    [InlineData("vm", "list", "--connect", "user@host:7411")]
    [InlineData("vm", "info")]
    [InlineData("vm", "create")]
    [InlineData("vm", "create", "tiny", "--cpu", "two")]
    [InlineData("vm", "create", "tiny", "--network", "bridge")]
    [InlineData("vm", "stop", "x", "--wait", "--timeout", "0")]
    [InlineData("vm", "attach", "x", "--role", "root")]
    [InlineData("vm")]
    [InlineData("nothing")]
    public async Task A_wrong_command_line_is_2_and_says_so_on_stderr_only(params string[] args)
    {
        await using var run = new VerbRun();
        Assert.Equal(2, await run.RunAsync(args));
        Assert.Empty(run.Output);
        Assert.NotEmpty(run.Error);
        Assert.DoesNotContain("System.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_node_is_it_is_3_and_says_what_to_run()
    {
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)holder.LocalEndPoint!).Port;
        await using var run = new VerbRun();
        Assert.Equal(3, await run.RunAsync("vm", "list", "--connect", $"127.0.0.1:{port}"));
        Assert.Equal($"hydravisor: Cannot connect to 127.0.0.1:{port}: nobody listens there. To start a node run: scripts/up\n", run.Error);
    }

    [Fact]
    public async Task A_connection_lost_in_the_middle_is_3()
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "list");
        await peer.ReceiveAsync<VmList>();
        peer.Dispose();
        Assert.Equal(3, await run.ExitAsync());
    }

    [Theory]
    [InlineData("HYDRAVISOR_CONNECT")]
    [InlineData("HYDRAVISOR_LISTEN")]
    public async Task The_environment_says_where_the_node_is(string variable)
    {
        await using var server = new ScriptedServer();
        await using var run = new VerbRun();
        run.Variables["HYDRAVISOR_LISTEN"] = "127.0.0.1:1";
        run.Variables[variable] = variable == "HYDRAVISOR_LISTEN" ? $"0.0.0.0:{server.Port}" : server.Address;
        var accepted = server.AcceptAsync();
        run.Start("vm", "list");
        await (await accepted).AnswerAsync<VmList>(_ => new VmListReply { Instances = [] });
        Assert.Equal(0, await run.ExitAsync());
    }

    [Fact]
    public async Task The_command_line_goes_before_the_environment()
    {
        await using var run = new VerbRun();
        run.Variables["HYDRAVISOR_CONNECT"] = "nonsense";
        await run.AnswerAsync<VmList>(new VmListReply { Instances = [] }, "vm", "list");
        Assert.Equal(0, await run.ExitAsync());

        await using var wrong = new VerbRun();
        wrong.Variables["HYDRAVISOR_CONNECT"] = "nonsense";
        Assert.Equal(2, await wrong.RunAsync("vm", "list"));
        Assert.Equal("hydravisor: HYDRAVISOR_CONNECT is \"nonsense\"; it must be HOST:PORT, such as 127.0.0.1:7411 or [::1]:7411.\n", wrong.Error);
    }

    [Theory]
    [InlineData("vm", "list", "ls")]
    [InlineData("vm", "delete", "rm")]
    [InlineData("node", "list", "ls")]
    [InlineData("image", "list", "ls")]
    [InlineData("recording", "list", "ls")]
    [InlineData("agent", "list", "ls")]
    public void What_other_programs_call_differently_is_known_by_that_name_too(string group, string verb, string other) =>
        Assert.Equal(verb, Program.Build().Parse([group, other]).CommandResult.Command.Name);

    [Fact]
    public async Task Help_is_0_and_on_stdout()
    {
        await using var run = new VerbRun();
        Assert.Equal(0, await run.RunAsync("vm", "create", "--help"));
        Assert.Contains("--request-id", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }
}
