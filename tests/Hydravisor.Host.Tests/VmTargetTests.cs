using Hydravisor.Client.Tests;
using Hydravisor.Protocol;

namespace Hydravisor.Host.Tests;

/// <summary>Which VM a person means.</summary>
public class VmTargetTests
{
    private static readonly VmStateMessage[] Vms =
    [
        Samples.State(id: "vm-aaaa0000bbbb", name: "one"),
        Samples.State(id: "vm-aaaa1111bbbb", name: "two"),
        Samples.State(id: "vm-cccc2222", name: "vm-aaaa1"),
        Samples.State(id: "vm-cccc2222dddd", name: "three"),
        Samples.State(VmPhase.Deleted, id: "vm-eeee3333ffff", name: "one"),
        Samples.State(VmPhase.Deleted, id: "vm-ffff4444ffff", name: "dead"),
    ];

    [Theory]
    [InlineData("one", "vm-aaaa0000bbbb")]
    [InlineData("dead", "vm-ffff4444ffff")]
    [InlineData("vm-aaaa0", "vm-aaaa0000bbbb")]
    [InlineData("vm-aaaa1111", "vm-aaaa1111bbbb")]
    [InlineData("vm-aaaa1", "vm-cccc2222")]
    [InlineData("vm-cccc2222", "vm-cccc2222")]
    [InlineData("vm-cccc2222d", "vm-cccc2222dddd")]
    [InlineData("vm-99999999", "vm-99999999")]
    public async Task It_is_an_id_a_name_or_the_beginning_of_an_id_in_this_order(string text, string id)
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "info", text);
        await peer.AnswerAsync<VmList>(_ => new VmListReply { Instances = Vms });
        Assert.Equal(id, (await peer.AnswerAsync<VmStateQuery>(_ => Samples.State())).InstanceId);
        Assert.Equal(0, await run.ExitAsync());
    }

    [Fact]
    public async Task A_whole_id_needs_no_list()
    {
        await using var run = new VerbRun();
        Assert.Equal("vm-999999999999", (await run.AnswerAsync<VmStateQuery>(Samples.State(), "vm", "info", "vm-999999999999")).InstanceId);
    }

    [Theory]
    [InlineData("vm-aaaa", "\"vm-aaaa\" may be 2 VMs: vm-aaaa0000bbbb (one), vm-aaaa1111bbbb (two). Give more of the id.")]
    [InlineData("four", "No VM has the name \"four\" or an id that begins so. To see all: hydravisor vm list")]
    [InlineData("aaaa0", "No VM has the name \"aaaa0\"")]
    [InlineData("vm-9", "No VM has the name \"vm-9\"")]
    public async Task Where_it_is_none_or_several_nothing_is_done(string text, string message)
    {
        await using var run = new VerbRun();
        using var peer = await run.ConnectAsync("vm", "delete", text);
        await peer.AnswerAsync<VmList>(_ => new VmListReply { Instances = Vms });
        Assert.Equal(1, await run.ExitAsync());
        Assert.Null(await peer.ReceiveLineAsync());
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }
}
