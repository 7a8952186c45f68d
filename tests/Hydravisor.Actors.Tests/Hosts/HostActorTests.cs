using Akka.Actor;
using Akka.TestKit;
using Hydravisor.Actors.Access;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Actors.Terminals.Simulated;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Hosts;

/// <summary>A host with its registry and real VM actors over the simulated hypervisor.</summary>
public sealed class HostActorTests : HydravisorSpec
{
    private static readonly Policy TrustAll = new("trusted", "trusted");
    private static readonly Principal Agent = new(Principal.Anonymous, "trusted", "c1");
    private readonly TemporaryDirectory _directory = new();
    private readonly FileSimulatedHypervisor _hypervisor;
    private readonly Roster _roster = new();
    private readonly TestProbe _session;

    public HostActorTests(ITestOutputHelper output)
        : base(output)
    {
        _hypervisor = new FileSimulatedHypervisor(new SimulatedSettings(_directory.Path), TimeProvider.System);
        _session = CreateTestProbe("session");
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _hypervisor.DisposeAsync().AsTask().ContinueWith(_ => _directory.Dispose(), TaskScheduler.Default);
    }

    [Fact]
    public async Task A_created_vm_is_answered_then_followed_until_it_runs()
    {
        var host = await StartHost();
        Create(host, 7, "r1");
        var granted = await _session.ExpectMsgAsync<VmReply.Granted>();
        Assert.Equal((7, VmPhase.Provisioning, false), (granted.Correlation, granted.View.Phase, granted.Already));
        Assert.Null((await _session.ExpectMsgAsync<HostMessages.VmChanged>()).Previous);
        Assert.Equal(VmPhase.Booting, (await _session.ExpectMsgAsync<HostMessages.VmChanged>()).View.Phase);
        Assert.Equal(VmPhase.Running, (await _session.ExpectMsgAsync<HostMessages.VmChanged>()).View.Phase);
    }

    [Fact]
    public async Task The_same_request_twice_at_once_makes_one_vm()
    {
        var host = await StartHost();
        Create(host, 1, "r1");
        Create(host, 2, "r1");
        var replies = new[] { await Reply(), await Reply() };
        Assert.Equal(replies[0].View.Id, replies[1].View.Id);
        Assert.Single(replies, reply => !reply.Already);
        Assert.Single(await List(host));
    }

    [Fact]
    public async Task What_was_answered_is_in_the_list()
    {
        var host = await StartHost();
        Create(host, 1, null);
        var id = (await Reply()).View.Id;
        Assert.Equal(id, Assert.Single(await List(host)).Id);
    }

    [Fact]
    public async Task A_deleted_vm_leaves_the_list_and_is_deleted_twice_without_error()
    {
        var host = await StartHost();
        Create(host, 1, "r1");
        var id = (await Reply()).View.Id;
        await Phase(VmPhase.Running);
        Ask(host, id, 2, new VmCommand.Delete());
        await Phase(VmPhase.Deleted);
        await AwaitConditionAsync(async () => (await List(host)).Count == 0, Wait.Limit);
        await AwaitConditionAsync(() => Task.FromResult(!_roster.TryFind(id, out _)), Wait.Limit);
        Ask(host, id, 3, new VmCommand.Delete());
        Assert.True((await Reply(3)).Already);
        host.Tell(new VmQuery(id, 4, null), _session);
        Assert.Equal(ErrorCode.NotFound, (await _session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);
        Create(host, 5, "r1");
        Assert.Equal(VmPhase.Deleted, (await Reply(5)).View.Phase);
    }

    [Fact]
    public async Task An_unknown_image_is_refused_with_the_names_of_those_there_are()
    {
        var host = await StartHost();
        Create(host, 1, null, Wish() with { Os = "plan9" });
        var denied = await _session.ExpectMsgAsync<VmReply.Denied>();
        Assert.Equal(ErrorCode.Impossible, denied.Code);
        Assert.Contains("tiny", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_the_limit_of_one_vm_is_impossible()
    {
        var host = await StartHost();
        Create(host, 1, null, Wish() with { Vcpus = 9 });
        Assert.Equal(ErrorCode.Impossible, (await _session.ExpectMsgAsync<VmReply.Denied>()).Code);
    }

    [Fact]
    public async Task A_vm_that_nobody_has_is_not_found()
    {
        var host = await StartHost();
        host.Tell(new VmQuery(Samples.Id, 1, null), _session);
        Assert.Equal(ErrorCode.NotFound, (await _session.ExpectMsgAsync<VmReply.Denied>()).Code);
    }

    [Fact]
    public async Task While_a_vms_actor_is_down_reads_go_on_and_changes_are_503()
    {
        var host = await StartHost();
        Create(host, 1, null);
        var id = (await Reply()).View.Id;
        await Phase(VmPhase.Running);
        Assert.True(_roster.TryFind(id, out var vm));
        Watch(vm!);
        vm!.Tell(PoisonPill.Instance);
        await ExpectTerminatedAsync(vm);
        vm.Tell(new VmQuery(id, 2, null), _session);
        Assert.Equal(id, (await Reply(2)).View.Id);
        vm.Tell(Authorised(id, 3, new VmCommand.Suspend()), _session);
        Assert.Equal(ErrorCode.Unavailable, (await _session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);
    }

    [Fact]
    public async Task A_vm_whose_actor_ended_comes_back_and_goes_on()
    {
        var host = await StartHost();
        Create(host, 1, null);
        var id = (await Reply()).View.Id;
        await Phase(VmPhase.Running);
        Assert.True(_roster.TryFind(id, out var before));
        before!.Tell(PoisonPill.Instance);
        await AwaitConditionAsync(() => Task.FromResult(_roster.TryFind(id, out var now) && !now!.Equals(before)), Wait.Limit);
        Ask(host, id, 2, new VmCommand.Suspend());
        await Phase(VmPhase.Suspended);
    }

    [Fact]
    public async Task While_the_hypervisor_is_away_changes_are_503_and_then_all_goes_on()
    {
        var host = await StartHost();
        Create(host, 1, null);
        var id = (await Reply()).View.Id;
        await Phase(VmPhase.Running);
        _hypervisor.GoDown();
        Ask(host, id, 2, new VmCommand.Suspend());
        Assert.Equal(ErrorCode.Unavailable, (await _session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);
        Create(host, 3, null);
        Assert.Equal(ErrorCode.Unavailable, (await _session.FishForMessageAsync<VmReply.Denied>(_ => true)).Code);
        _hypervisor.ComeBack();
        Ask(host, id, 4, new VmCommand.Suspend());
        await Phase(VmPhase.Suspended);
    }

    [Fact]
    public async Task Who_follows_all_hears_of_each_change_once()
    {
        var host = await StartHost();
        var follower = CreateTestProbe("follower");
        host.Tell(new HostMessages.Follow(null), follower);
        Create(host, 1, null);
        var id = (await Reply()).View.Id;
        host.Tell(new HostMessages.Follow(id), follower);
        await Phase(VmPhase.Running);
        Ask(host, id, 2, new VmCommand.Suspend());
        await Phase(VmPhase.Suspended);
        var heard = new List<VmPhase>();
        while (!heard.Contains(VmPhase.Suspended))
        {
            heard.Add((await follower.ExpectMsgAsync<HostMessages.VmChanged>()).View.Phase);
        }

        Assert.Equal([VmPhase.Provisioning, VmPhase.Booting, VmPhase.Running, VmPhase.Suspended], heard);
    }

    private async Task<IActorRef> StartHost()
    {
        var parts = new HostParts(
            Samples.Node, _hypervisor, new SimulatedTerminals(), new SimulatedImages(), _roster, Settings.Host, Settings.Vm, TimeProvider.System);
        var host = Sys.ActorOf(Props.Create(() => new HostActor(parts)), "host");
        host.Tell(new HostRecovery.Await(), _session);
        await _session.ExpectMsgAsync<HostRecovery.Ready>();
        return host;
    }

    private static VmRequest Wish() =>
        new("tiny", 1, 512 << 20, 0, NetworkMode.None, null, null, false, new Dictionary<string, string>());

    private void Create(IActorRef host, long correlation, string? requestId, VmRequest? wish = null) =>
        host.Tell(new HostMessages.CreateVm(correlation, Gatekeeper.Authorise(TrustAll, Agent, "vm/create", wish ?? Wish(), requestId)!), _session);

    private void Ask(IActorRef host, InstanceId id, long correlation, VmCommand command) => host.Tell(Authorised(id, correlation, command), _session);

    private static VmAsk Authorised(InstanceId id, long correlation, VmCommand command) =>
        new(id, correlation, null, Gatekeeper.Authorise(TrustAll, Agent, "vm/any", command, null)!);

    private async Task<VmReply.Granted> Reply(long? correlation = null) =>
        await _session.FishForMessageAsync<VmReply.Granted>(reply => correlation is null || reply.Correlation == correlation);

    private async Task Phase(VmPhase phase) =>
        await _session.FishForMessageAsync<HostMessages.VmChanged>(changed => changed.View.Phase == phase);

    private async Task<IReadOnlyList<VmView>> List(IActorRef host)
    {
        var lister = CreateTestProbe();
        host.Tell(new HostMessages.ListVms(1, null, null), lister);
        return (await lister.ExpectMsgAsync<HostMessages.VmsListed>()).Views;
    }
}
