using Hydravisor.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Hydravisor.EndToEnd.Tests.Faults;

/// <summary>Nodes that cannot start say what is wrong, in a line, and end with 1.</summary>
public class StartTests(ITestOutputHelper output) : EndToEndTest(output)
{
    [Theory]
    [InlineData("hydravisor.gateway.line-max = lots", "hydravisor.gateway.line-max", "lots", "512MB")]
    [InlineData("hydravisor.hypervisor = xen", "hydravisor.hypervisor", "xen", "simulated")]
    [InlineData("hydravisor.session.heartbeat-interval = soon", "hydravisor.session.heartbeat-interval", "soon", "30s")]
    [InlineData("hydravisor.session.in-flight-max = 0", "hydravisor.session.in-flight-max", "1 to")]
    [InlineData("hydravisor.policy.anonymous.loopback = king", "hydravisor.policy.anonymous.loopback", "king", "trusted")]
    [InlineData("hydravisor.host.vcpu-overcommit = -1", "hydravisor.host.vcpu-overcommit", "-1")]
    [InlineData("hydravisor.node.name = \"Not A Name\"", "hydravisor.node.name", "Not A Name", "a-z")]
    [InlineData("hydravisor.log.level = chatty", "hydravisor.log.level", "chatty", "debug")]
    [InlineData("hydravisor { gateway {", "hydravisor.conf", "'{' of line 1", "never closed")]
    [InlineData("hydravisor {\n  session {\n  gateway = [1, }\n}", "hydravisor.conf", "'}' of line 3", "'[' of line 3")]
    [InlineData("hydravisor.gateway.listen = [=]", "hydravisor.conf", "not valid HOCON")]
    [InlineData("hydravisor.gatway.line-max = 2MB", "hydravisor.conf", "no setting hydravisor.gatway", "gateway")]
    public async Task A_setting_that_cannot_be_used_is_named_with_what_would_be_right(string conf, params string[] says)
    {
        // The command line names the hypervisor, which would win over the file's.
        var options = new NodeOptions { Conf = conf, Hypervisor = conf.Contains("xen", StringComparison.Ordinal) ? "xen" : "simulated" };
        await MustNotStartAsync(NewNode(options), says);
    }

    [Fact]
    public async Task An_address_that_is_none_is_named() =>
        await MustNotStartAsync(NewNode(new NodeOptions { Listen = "nonsense" }), "hydravisor.gateway.listen", "nonsense", "127.0.0.1:7411");

    [Fact]
    public async Task A_second_node_on_the_same_data_is_refused_and_the_first_lives_on()
    {
        var first = await StartNodeAsync();
        await using var connection = await first.ConnectAsync();
        var id = await connection.CreateRunningAsync();
        await MustNotStartAsync(NewNode(new NodeOptions { OnDataOf = first.Data }), "another node runs on", first.Data);
        Assert.Equal("running", (await connection.StateAsync(id)).Text("state"));
        await connection.BringAsync("vm/suspend", id, "suspended");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        var first = await StartNodeAsync();
        await MustNotStartAsync(NewNode(new NodeOptions { Listen = first.Endpoint.ToString() }), first.Endpoint.ToString(), "HYDRAVISOR_LISTEN");
    }

    [Fact]
    public async Task A_data_directory_of_another_node_is_refused()
    {
        var node = await StartNodeAsync(new NodeOptions { Conf = "hydravisor.node.name = one" });
        await node.KillAsync();
        await File.WriteAllTextAsync(Path.Combine(node.Data, "hydravisor.conf"), "hydravisor.node.name = two");
        await MustNotStartAsync(NewNode(new NodeOptions { OnDataOf = node.Data }), "one", "two");
    }

    [Fact]
    public async Task A_journal_that_is_no_database_is_refused_and_left_as_it_is()
    {
        var node = NewNode();
        var journal = Path.Combine(node.Data, "journal.db");
        await File.WriteAllTextAsync(journal, string.Concat(Enumerable.Repeat("this is no database\n", 500)));
        await MustNotStartAsync(node, journal);
        Assert.StartsWith("this is no database", await File.ReadAllTextAsync(journal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_in_the_place_of_the_data_directory_is_named()
    {
        var node = NewNode();
        var file = Path.Combine(node.Data, "file");
        await File.WriteAllTextAsync(file, "");
        await MustNotStartAsync(NewNode(new NodeOptions { OnDataOf = file }), file);
    }

    private static async Task MustNotStartAsync(NodeUnderTest node, params string[] says)
    {
        var (code, written) = await node.RunToEndAsync();
        Assert.True(code == 1, $"It ended with {code}:\n{written}");
        var complaint = Assert.Single(written.Split('\n'), line => line.StartsWith("stderr: hydravisor: ", StringComparison.Ordinal));
        Assert.All(says, word => Assert.Contains(word, complaint, StringComparison.Ordinal));
        Assert.DoesNotContain("stderr:    at ", written, StringComparison.Ordinal);
    }
}
