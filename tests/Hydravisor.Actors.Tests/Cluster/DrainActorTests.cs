using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors.Live;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Tests.Vms;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>A node that is drained, with hosts, a placement and a store that are played.</summary>
public sealed class DrainActorTests : HydravisorSpec
{
    private static readonly InstanceId First = Samples.Id;
    private static readonly InstanceId Second = Samples.OtherId;
    private readonly Members _members = new("a");
    private readonly TestProbe _host;
    private readonly TestProbe _other;
    private readonly TestProbe _placement;
    private readonly Node _node = new();
    private readonly HandTime _time = new();

    public DrainActorTests(ITestOutputHelper output)
        : base(output)
    {
        (_host, _other, _placement) = (CreateTestProbe("host"), CreateTestProbe("other"), CreateTestProbe("placement"));
        _host.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            _node.Answer(sender, message);
            return AutoPilot.KeepRunning;
        }));
        Be("a", "b");
    }

    [Fact]
    public async Task Each_vm_is_off_before_its_disk_is_brought_and_is_released_only_when_it_is_there()
    {
        _node.Here = [View(First, VmPhase.Running, 5), View(Second, VmPhase.Stopped, 3)];
        var drain = Start();
        await PlacedAsync(First);
        Assert.Equal(First, (await AskedAsync<HostMessages.Follow>()).Id);
        GrantBegin(await AskedAsync<VmMoveStep.Begin>(First), View(First, VmPhase.Stopping, 7, Off));

        // What it did before it was told says nothing.
        drain.Tell(new HostMessages.VmChanged(VmPhase.Booting, View(First, VmPhase.Running, 6)));
        _other.ExpectNoMsg(TimeSpan.Zero);
        drain.Tell(new HostMessages.VmChanged(VmPhase.Stopping, View(First, VmPhase.Stopped, 8, Off)));
        await BroughtAsync(First);
        var release = await AskedAsync<VmMoveStep.Release>(First);
        Assert.Equal(new VmMoveStep.Release("b", 8), release.Step);
        _node.Here = [View(First, VmPhase.Stopped, 9, Off with { IsReleased = true }), _node.Here[1]];
        _host.Reply(Granted(release, _node.Here[0]));
        await _other.ExpectMsgAsync<HostMessages.LookForReleased>();

        await PlacedAsync(Second);
        GrantBegin(await AskedAsync<VmMoveStep.Begin>(Second), View(Second, VmPhase.Stopped, 4, Off with { Starts = false }));
        await BroughtAsync(Second);
        Assert.Equal(new VmMoveStep.Release("b", 4), (await AskedAsync<VmMoveStep.Release>(Second)).Step);
    }

    [Fact]
    public async Task A_vm_that_runs_goes_as_it_runs_and_the_next_one_follows_when_it_is_released()
    {
        _node.Here = [View(First, VmPhase.Running, 5), View(Second, VmPhase.Stopped, 3)];
        var drain = Start();
        await PlacedAsync(First, lands: true);
        var migrate = await AskedAsync<VmMoveStep.Migrate>(First);
        Assert.Equal(new VmMoveStep.Migrate("b", Place), migrate.Step);
        GrantMigrate(migrate, View(First, VmPhase.Running, 6, Live));
        drain.Tell(new HostMessages.VmChanged(VmPhase.Running, View(First, VmPhase.Running, 7, Live with { IsReleased = true })));
        await _other.ExpectMsgAsync<HostMessages.LookForReleased>();
        await PlacedAsync(Second);
    }

    [Fact]
    public async Task A_vm_that_cannot_go_as_it_runs_is_stopped_and_goes_with_its_disk()
    {
        _node.Here = [View(First, VmPhase.Running, 5)];
        Start();
        await PlacedAsync(First, lands: true);
        Deny(await AskedAsync<VmMoveStep.Migrate>(First), "it does not run");
        GrantBegin(await AskedAsync<VmMoveStep.Begin>(First), View(First, VmPhase.Stopped, 9, Off));
        await BroughtAsync(First);
    }

    [Fact]
    public async Task A_vm_that_does_not_get_there_as_it_runs_stays_and_is_stopped_only_after_some_tries()
    {
        _node.Here = [View(First, VmPhase.Running, 5)];
        var drain = Start();
        for (var tried = 1; tried <= 3; tried++)
        {
            await PlacedAsync(First, lands: true);
            GrantMigrate(await AskedAsync<VmMoveStep.Migrate>(First), View(First, VmPhase.Running, 5 + (2 * tried), Live));
            var back = View(First, VmPhase.Running, 6 + (2 * tried)) with { Reason = "the way to the other node broke" };
            _node.Here = [back];
            drain.Tell(new HostMessages.VmChanged(VmPhase.Running, back));
            var told = await _host.FishForMessageAsync<HostMessages.DrainAdvanced>(told => told.Standing.Staying.Count > 0);
            Assert.Equal("it did not get there as it runs (the way to the other node broke)", told.Standing.Staying[0].Why);
            Assert.Equal(new HostMessages.ExpectNoMore(First, "a"), await _other.ExpectMsgAsync<HostMessages.ExpectNoMore>());

            // As soon as a node came or went.
            drain.Tell(new MembersActor.Changed("c", Now: null));
        }

        var expect = await ConsideredAsync(First);
        _placement.Reply(new VmReply.Expected(First, "b") { Correlation = expect.Correlation });
        GrantBegin(await AskedAsync<VmMoveStep.Begin>(First), View(First, VmPhase.Stopped, 9, Off));
        await BroughtAsync(First);
        Assert.Equal(new VmMoveStep.Release("b", 9), (await AskedAsync<VmMoveStep.Release>(First)).Step);
    }

    [Fact]
    public async Task How_far_it_is_and_why_vms_stay_is_told()
    {
        _node.Here = [View(First, VmPhase.Suspended, 5), View(Second, VmPhase.Suspended, 3)];
        Start();
        foreach (var id in (InstanceId[])[First, Second])
        {
            Deny(await AskedAsync<VmMoveStep.Consider>(id), "it is suspended");
        }

        var told = await _host.FishForMessageAsync<HostMessages.DrainAdvanced>(told => told.Standing.Staying is [{ Vms: 2 }]);
        Assert.Equal((2, "it is suspended"), (told.Standing.Left, told.Standing.Staying[0].Why));
    }

    [Fact]
    public async Task A_vm_for_which_no_node_has_room_is_not_stopped_and_the_next_one_is_tried()
    {
        _node.Here = [View(First, VmPhase.Running, 5), View(Second, VmPhase.Running, 3)];
        Start();
        var expect = await ConsideredAsync(First);
        _placement.Reply(new VmReply.Denied(null, ErrorCode.NoRoom, "no node has room: b: full") { Correlation = expect.Correlation });
        await ConsideredAsync(Second);
    }

    [Fact]
    public async Task A_vm_that_does_not_go_off_stays_and_its_move_is_ended()
    {
        _node.Here = [View(First, VmPhase.Running, 5)];
        var drain = Start();
        await PlacedAsync(First);
        GrantBegin(await AskedAsync<VmMoveStep.Begin>(First), View(First, VmPhase.Stopping, 7, Off));
        drain.Tell(new HostMessages.VmChanged(VmPhase.Stopping, View(First, VmPhase.Running, 8, Off) with { Reason = "its guest does not stop" }));
        Assert.Equal(new VmMoveStep.End("it did not go off (its guest does not stop)"), (await AskedAsync<VmMoveStep.End>(First)).Step);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_the_disk_does_not_come_the_move_is_ended(bool isLost)
    {
        _node.Here = [View(First, VmPhase.Stopped, 5)];
        var drain = Start();
        await PlacedAsync(First);
        GrantBegin(await AskedAsync<VmMoveStep.Begin>(First), View(First, VmPhase.Stopped, 6, Off));
        var bring = await _other.ExpectMsgAsync<HostMessages.ExpectVm>();
        if (isLost)
        {
            Be("a");
            drain.Tell(new MembersActor.Changed("b", Now: null));
        }
        else
        {
            _other.Reply(new VmReply.Denied(First, ErrorCode.Impossible, "its disk did not come") { Correlation = bring.Correlation });
        }

        var end = Assert.IsType<VmMoveStep.End>((await AskedAsync<VmMoveStep.End>(First)).Step);
        Assert.Equal(isLost ? "the node b, which was to take it, does not answer" : "its disk did not come", end.Reason);
    }

    [Fact]
    public async Task A_vm_whose_other_node_is_lost_before_there_is_a_place_stays_at_once()
    {
        _node.Here = [View(First, VmPhase.Running, 5), View(Second, VmPhase.Running, 3)];
        var drain = Start();
        var expect = await ConsideredAsync(First);
        _placement.Reply(new VmReply.Expected(First, "b") { Correlation = expect.Correlation });
        await _other.ExpectMsgAsync<HostMessages.ExpectVm>();
        drain.Tell(new MembersActor.Changed("b", Now: null));
        await ConsideredAsync(Second);
    }

    [Fact]
    public async Task A_place_that_nobody_answered_for_is_asked_for_again()
    {
        _node.Here = [View(First, VmPhase.Running, 5)];
        Start();
        var expect = await ConsideredAsync(First);
        _placement.Reply(new VmReply.Expected(First, "b") { Correlation = expect.Correlation });
        var asked = await _other.ExpectMsgAsync<HostMessages.ExpectVm>();
        _time.Pass(TimeSpan.FromSeconds(11));
        Assert.Equal(asked, await _other.ExpectMsgAsync<HostMessages.ExpectVm>());
        _other.Reply(new VmReply.Landing(First, "b", Place) { Correlation = asked.Correlation });
        Assert.Equal(new VmMoveStep.Migrate("b", Place), (await AskedAsync<VmMoveStep.Migrate>(First)).Step);
    }

    [Fact]
    public async Task Room_is_kept_for_a_vm_as_long_as_its_guest_takes_to_stop()
    {
        _node.Here = [View(First, VmPhase.Running, 5)];
        var drain = Start();
        await PlacedAsync(First);
        GrantBegin(await AskedAsync<VmMoveStep.Begin>(First), View(First, VmPhase.Stopping, 7, Off));
        for (var asked = 1; asked <= 2; asked++)
        {
            await AskedAsync<HostMessages.QueryCordon>();
            _time.Pass(TimeSpan.FromSeconds(11));
            var keep = await _other.ExpectMsgAsync<HostMessages.ExpectVm>();
            Assert.Equal((First, "a", false, false), (keep.Id, keep.From, keep.WithDisk, keep.Live));

            // One that has none any more is asked again when the disk can be taken.
            _other.Reply(new VmReply.Denied(First, ErrorCode.Unavailable, "its hypervisor cannot be reached") { Correlation = keep.Correlation });
        }

        drain.Tell(new HostMessages.VmChanged(VmPhase.Stopping, View(First, VmPhase.Stopped, 8, Off)));
        await BroughtAsync(First);
        Assert.Equal(new VmMoveStep.Release("b", 8), (await AskedAsync<VmMoveStep.Release>(First)).Step);
    }

    [Fact]
    public async Task A_node_that_is_resumed_keeps_the_vm_that_was_on_its_way()
    {
        _node.Here = [View(First, VmPhase.Running, 5)];
        Start();
        await PlacedAsync(First);
        GrantBegin(await AskedAsync<VmMoveStep.Begin>(First), View(First, VmPhase.Stopping, 7, Off));
        _node.Drains = false;
        Assert.Equal(new VmMoveStep.End("its node is not drained any more"), (await AskedAsync<VmMoveStep.End>(First)).Step);
        Assert.Equal(new HostMessages.ExpectNoMore(First, "a"), await _other.ExpectMsgAsync<HostMessages.ExpectNoMore>());
    }

    [Fact]
    public async Task A_move_that_nobody_goes_on_with_is_ended_also_where_the_node_is_not_drained()
    {
        _node.Drains = false;
        _node.Here = [View(First, VmPhase.Stopped, 5, Off), View(Second, VmPhase.Stopped, 5, Off with { IsReleased = true })];
        Start();
        Assert.Equal(First, (await AskedAsync<VmMoveStep.End>(First)).Id);

        // As often as it takes, and never for one that was released.
        Assert.Equal(First, (await _host.FishForMessageAsync<VmMoveAsk>(_ => true)).Id);
    }

    [Fact]
    public async Task A_node_that_may_change_nothing_moves_nothing()
    {
        Be("a", "b", "c", "d");
        _members.Set(_members.ByName.ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value with { IsReachable = pair.Key == "a" }, StringComparer.Ordinal));
        _node.Here = [View(First, VmPhase.Running, 5)];
        Start();

        // It tells how far it is behind whatever it asked.
        var told = await _host.FishForMessageAsync<object>(message => message is VmMoveAsk or HostMessages.DrainAdvanced);
        Assert.Equal(1, Assert.IsType<HostMessages.DrainAdvanced>(told).Standing.Left);
    }

    private static Landing Place { get; } = new("simulated", "", "");

    private static VmMove Live { get; } = new("b", Starts: true, IsReleased: false) { IsLive = true };

    private static VmMove Off { get; } = new("b", Starts: true, IsReleased: false);

    private static VmView View(InstanceId id, VmPhase phase, long revision, VmMove? move = null) =>
        VmStory.Running().State.View() with { Id = id, Phase = phase, Revision = revision, Move = move };

    private static VmReply.Granted Granted(VmMoveAsk ask, VmView view) => new(view, Already: false) { Correlation = ask.Correlation };

    private IActorRef Start()
    {
        var parts = new DrainParts(_host, _ => _other.Ref, _members, new Stands(), _placement, TimeSpan.FromMilliseconds(10), _time);
        return Sys.ActorOf(Props.Create(() => new DrainActor(parts)));
    }

    private void Be(params string[] names) => _members.Set(names.ToImmutableSortedDictionary(
        name => name, name => new Member(name, new Address("akka.tcp", "hydravisor", name, 1), 1, MemberStanding.Up, IsReachable: true, Samples.Noon), StringComparer.Ordinal));

    private async Task<VmMoveAsk> AskedAsync<TStep>(InstanceId id)
        where TStep : VmMoveStep
    {
        var ask = await _host.FishForMessageAsync<VmMoveAsk>(ask => ask.Step is TStep);
        Assert.Equal(id, ask.Id);
        return ask;
    }

    private async Task<T> AskedAsync<T>() => await _host.FishForMessageAsync<T>(_ => true);

    private async Task<PlacementActor.Expect> ConsideredAsync(InstanceId id)
    {
        var consider = await AskedAsync<VmMoveStep.Consider>(id);
        _host.Reply(Granted(consider, _node.Here.Single(view => view.Id == id)));
        var expect = await _placement.ExpectMsgAsync<PlacementActor.Expect>();
        Assert.Equal((id, "a"), (expect.Id, expect.From));
        return expect;
    }

    // One that runs is to go as it runs, which the other node cannot, where nothing else is said.
    private async Task PlacedAsync(InstanceId id, bool lands = false)
    {
        var expect = await ConsideredAsync(id);
        _placement.Reply(new VmReply.Expected(id, "b") { Correlation = expect.Correlation });
        if (_node.Here.Single(view => view.Id == id).Phase == VmPhase.Running)
        {
            var land = await _other.ExpectMsgAsync<HostMessages.ExpectVm>();
            Assert.Equal((id, "a", false, true), (land.Id, land.From, land.WithDisk, land.Live));
            _other.Reply(lands
                ? new VmReply.Landing(id, "b", Place) { Correlation = land.Correlation }
                : new VmReply.Denied(id, ErrorCode.Impossible, "it cannot come as it runs") { Correlation = land.Correlation });
        }
    }

    private async Task BroughtAsync(InstanceId id)
    {
        var bring = await _other.ExpectMsgAsync<HostMessages.ExpectVm>();
        Assert.Equal((id, "a", true, false), (bring.Id, bring.From, bring.WithDisk, bring.Live));
        _other.Reply(new VmReply.Expected(id, "b") { Correlation = bring.Correlation });
    }

    private void GrantMigrate(VmMoveAsk migrate, VmView view)
    {
        _node.Here = [.. _node.Here.Select(here => here.Id == view.Id ? view : here)];
        _host.Reply(Granted(migrate, view));
    }

    private void GrantBegin(VmMoveAsk begin, VmView view)
    {
        Assert.Equal(new VmMoveStep.Begin("b"), begin.Step);
        _node.Here = [.. _node.Here.Select(here => here.Id == view.Id ? view : here)];
        _host.Reply(Granted(begin, view));
    }

    private void Deny(VmMoveAsk ask, string why) => _host.Reply(new VmReply.Denied(ask.Id, ErrorCode.Conflict, why) { Correlation = ask.Correlation });

    // What the host says at any time.
    private sealed class Node
    {
        public volatile bool Drains = true;

        public volatile IReadOnlyList<VmView> Here = [];

        public void Answer(IActorRef sender, object message)
        {
            switch (message)
            {
                case HostMessages.QueryCordon:
                    sender.Tell(new HostMessages.CordonIs(new Cordon(Samples.Noon, null, IsDrain: Drains)));
                    break;
                case HostMessages.ListVms list:
                    sender.Tell(new HostMessages.VmsListed(list.Correlation, Here));
                    break;
            }
        }
    }

    private sealed class Stands : IAdoptions
    {
        public Task<VmLeft?> FindAsync(InstanceId id) => Task.FromResult<VmLeft?>(new VmLeft(
            new StreamHead(VmActor.StreamOf("a", id), 5, EventHash.Start.Hex), VmStory.Running().State with { Id = id, Node = "a" }));

        public Task<IReadOnlyDictionary<InstanceId, string>> DepartedAsync(string node) => throw new NotSupportedException();

        public Task<IReadOnlyDictionary<InstanceId, string>> ReleasedToAsync(string node) => throw new NotSupportedException();

        public Task<IReadOnlyList<ReleasedVm>> WhereAreAsync(IReadOnlyCollection<InstanceId> ids) => throw new NotSupportedException();
    }
}
