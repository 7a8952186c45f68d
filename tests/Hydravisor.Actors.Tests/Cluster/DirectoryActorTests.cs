using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>A list has all VMs there are, or is refused: one without some would say that these are gone.</summary>
public sealed class DirectoryActorTests : HydravisorSpec
{
    private static readonly InstanceId Lost = InstanceId.Parse("vm-0123456789ab");
    private readonly Members _members = new("a");
    private readonly PlannedPlaces _places = new();
    private readonly TestProbe _host;
    private readonly TestProbe _session;
    private readonly IActorRef _directory;

    public DirectoryActorTests(ITestOutputHelper output)
        : base(output)
    {
        (_host, _session) = (CreateTestProbe("host"), CreateTestProbe("session"));
        var parts = new DirectoryParts(_host, new Roster(), _members, _ => _host.Ref, _places, TimeSpan.FromMinutes(1), TimeProvider.System);
        _directory = Sys.ActorOf(Props.Create(() => new DirectoryActor(parts)));
    }

    [Fact]
    public async Task A_node_that_has_not_joined_lists_nothing() => await RefusedAsync("has not joined its cluster yet");

    [Fact]
    public async Task The_vms_of_a_lost_node_are_read_before_anything_is_listed()
    {
        _places.Nodes.SetResult(["a", "b"]);
        Join();
        await AwaitAssertAsync(() => RefusedAsync("the VMs of b, which does not answer, are not read yet"));
        _places.Vms.SetResult([new VmView(
            Lost, "b", "anonymous", VmPhase.Running, Samples.Noon, null, 1, 5, "web", "tiny", 1, 64 << 20, 0, NetworkMode.None, null, new Dictionary<string, string>(), false)]);
        await AwaitAssertAsync(async () =>
        {
            List();
            var asked = await _host.ExpectMsgAsync<HostMessages.ListVms>(TimeSpan.FromSeconds(1));
            _host.Reply(new HostMessages.VmsListed(asked.Correlation, []));
            var listed = await _session.FishForMessageAsync<HostMessages.VmsListed>(_ => true);
            Assert.Equal((Lost, VmPhase.Unreachable), (Assert.Single(listed.Views).Id, listed.Views[0].Phase));
        });
    }

    [Fact]
    public async Task Where_the_store_cannot_say_which_nodes_there_are_nothing_is_listed_and_it_is_asked_again()
    {
        _places.Nodes.SetException(new InvalidOperationException("the database is gone"));
        Join();
        await AwaitAssertAsync(() => RefusedAsync("which nodes there are is not looked up yet"));
        _places.Nodes = new TaskCompletionSource<IReadOnlyList<string>>();
        _places.Nodes.SetResult(["a"]);
        await AwaitAssertAsync(async () =>
        {
            List();
            await _host.ExpectMsgAsync<HostMessages.ListVms>(TimeSpan.FromSeconds(1));
        });
    }

    private void Join()
    {
        var self = new Member("a", new Address("akka", "x", "a", 1), 1, MemberStanding.Up, IsReachable: true, Samples.Noon);
        _members.Set(ImmutableSortedDictionary.Create<string, Member>(StringComparer.Ordinal).Add("a", self));
        _directory.Tell(new MembersActor.Changed("a", self));
    }

    private void List() => _directory.Tell(new HostMessages.ListVms(7, Labels: null, Phase: null), _session);

    private async Task RefusedAsync(string why)
    {
        List();
        var denied = await _session.ExpectMsgAsync<VmReply.Denied>();
        Assert.Equal((ErrorCode.Unavailable, 7), (denied.Code, denied.Correlation));
        Assert.Contains(why, denied.Message, StringComparison.Ordinal);
    }

    private sealed class PlannedPlaces : IPlaces
    {
        public TaskCompletionSource<IReadOnlyList<string>> Nodes { get; set; } = new();

        public TaskCompletionSource<IReadOnlyList<VmView>> Vms { get; } = new();

        public Task<string?> FindAsync(InstanceId id) => throw new NotSupportedException();

        public Task<IReadOnlyList<string>> NodesAsync() => Nodes.Task;

        public Task<VmMoves> MovesAsync(long after) => throw new NotSupportedException();

        public Task<IReadOnlyList<VmView>> VmsOfAsync(string node) => Vms.Task;
    }
}
