using Akka.Actor;
using Akka.TestKit;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Tests.Vms;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>A VM that changes hands while nodes are asked for their VMs is in the list once, as it is now.</summary>
public sealed class ListGatherTests : HydravisorSpec
{
    private readonly TestProbe _old;
    private readonly TestProbe _new;
    private readonly TestProbe _asker;

    public ListGatherTests(ITestOutputHelper output)
        : base(output) => (_old, _new, _asker) = (CreateTestProbe("old"), CreateTestProbe("new"), CreateTestProbe("asker"));

    private static VmView Released { get; } = View("old", 16, VmPhase.Stopped) with { Move = new VmMove("new", Starts: true, IsReleased: true) };

    [Fact]
    public async Task Where_both_nodes_show_it_the_newer_counts()
    {
        Gather(_ => throw new InvalidOperationException("Nobody need look."));
        await AnswerAsync([Released], [View("new", 21, VmPhase.Running)]);
        Assert.Equal(("new", 21), await ListedAsync());
    }

    [Fact]
    public async Task Where_the_new_node_was_asked_too_early_the_store_says_how_it_is()
    {
        Gather(_ => Task.FromResult<VmView?>(View("new", 17, VmPhase.Provisioning)));
        await AnswerAsync([Released], []);
        Assert.Equal(("new", 17), await ListedAsync());
    }

    [Fact]
    public async Task One_that_was_deleted_there_is_not_shown()
    {
        Gather(_ => Task.FromResult<VmView?>(null));
        await AnswerAsync([Released, View("old", 3, VmPhase.Running) with { Id = Samples.OtherId }], []);
        Assert.Equal(("old", 3), await ListedAsync());
    }

    [Fact]
    public async Task What_is_in_no_such_phase_by_now_is_not_shown()
    {
        Gather(_ => Task.FromResult<VmView?>(View("new", 21, VmPhase.Running)), VmPhase.Stopped);
        await AnswerAsync([Released], []);
        Assert.Empty((await _asker.ExpectMsgAsync<HostMessages.VmsListed>()).Views);
    }

    [Fact]
    public async Task Where_the_store_cannot_be_asked_nothing_is_listed()
    {
        Gather(_ => Task.FromException<VmView?>(new InvalidOperationException("the database is gone")));
        await AnswerAsync([Released], []);
        var denied = await _asker.ExpectMsgAsync<VmReply.Denied>();
        Assert.Equal((ErrorCode.Unavailable, true), (denied.Code, denied.Message.Contains("the database is gone", StringComparison.Ordinal)));
    }

    private static VmView View(string node, long revision, VmPhase phase) => VmStory.Running().State.View() with { Id = Samples.Id, Node = node, Revision = revision, Phase = phase };

    private void Gather(Func<VmView, Task<VmView?>> look, VmPhase? phase = null)
    {
        var list = new HostMessages.ListVms(1, Labels: null, phase);
        Sys.ActorOf(Props.Create(() => new ListGather(list, new ICanTell[] { _old.Ref, _new.Ref }, null, _asker, TimeSpan.FromMinutes(1), look)));
    }

    private async Task AnswerAsync(IReadOnlyList<VmView> old, IReadOnlyList<VmView> @new)
    {
        foreach (var (host, views) in new[] { (_old, old), (_new, @new) })
        {
            host.Reply(new HostMessages.VmsListed((await host.ExpectMsgAsync<HostMessages.ListVms>()).Correlation, views));
        }
    }

    private async Task<(string Node, long Revision)> ListedAsync()
    {
        var view = Assert.Single((await _asker.ExpectMsgAsync<HostMessages.VmsListed>()).Views);
        return (view.Node, view.Revision);
    }
}
