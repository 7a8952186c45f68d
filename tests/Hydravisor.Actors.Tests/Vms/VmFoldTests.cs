using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms;

public sealed class VmFoldTests
{
    [Fact]
    public void A_creation_makes_a_vm_with_all_that_was_asked_for()
    {
        var state = VmStory.Provisioning().State;
        Assert.Equal(
            (Samples.Id, Samples.Node, VmStory.Agent, VmStory.RequestId, "digest-1", 1L, 0L),
            (state.Id, state.Node, state.Owner, state.RequestId, state.RequestDigest, state.Revision, state.Incarnation));
        Assert.Equal(Samples.Spec().Name, state.Spec!.Name);
    }

    [Fact]
    public void Each_event_is_one_revision()
    {
        var state = VmStory.Running().State;
        Assert.Equal(5, state.Revision);
        Assert.Equal(6, VmFold.Apply(state, new VmEvents.SuspendAccepted(3), Samples.Noon).Revision);
    }

    [Fact]
    public void Since_is_when_the_phase_was_entered()
    {
        var running = VmStory.Running().State;
        var suspending = VmFold.Apply(running, new VmEvents.SuspendAccepted(3), running.Since.AddHours(1));
        Assert.Equal(running.Since, suspending.Since);
        Assert.Equal(running.Since.AddHours(2), VmFold.Apply(suspending, new VmEvents.Suspended(3), running.Since.AddHours(2)).Since);
    }

    public static TheoryData<string, string> Contradictions => new()
    {
        { "not there", nameof(VmEvents.Provisioned) },
        { "deleted", nameof(VmEvents.BootBegun) },
        { "deleted", nameof(VmEvents.Created) },
        { "running", nameof(VmEvents.Created) },
        { "running", nameof(VmEvents.GuestReady) },
        { "running", nameof(VmEvents.Provisioned) },
        { "running", nameof(VmEvents.DomainStarted) },
        { "running", nameof(VmEvents.Escalated) },
        { "running", nameof(VmEvents.OperationFailed) },
        { "running", nameof(VmEvents.Deleted) },
        { "stopping", nameof(VmEvents.Suspended) },
        { "running, being suspended", nameof(VmEvents.Stopped) },
        { "deleting", nameof(VmEvents.Failed) },
        { "deleting", nameof(VmEvents.BootBegun) },
        { "deleting", nameof(VmEvents.StopAccepted) },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void An_event_that_cannot_follow_is_a_contradiction(string situation, string name)
    {
        var state = VmStory.All.Single(known => known.Name == situation).Make().State;
        var number = state.Operation?.Number ?? 77;
        IVmEvent[] events =
        [
            new VmEvents.Created(Samples.Id, Samples.Node, "a", null, "d", Samples.Spec(), 1), new VmEvents.Provisioned(number),
            new VmEvents.BootBegun(state.Incarnation + 1, BootTrigger.Guest, 0, 1), new VmEvents.DomainStarted(number, 1),
            new VmEvents.GuestReady(state.Incarnation, "console"), new VmEvents.Escalated(number, "x"), new VmEvents.OperationFailed(number, "x"),
            new VmEvents.Deleted(number), new VmEvents.Suspended(number), new VmEvents.Stopped(number, "x"), new VmEvents.Failed("x"),
            new VmEvents.StopAccepted(number + 1, true),
        ];
        var contradiction = Assert.Throws<ContradictionException>(() => VmFold.Apply(state, events.Single(e => e.GetType().Name == name), Samples.Noon));
        Assert.Contains("cannot happen", contradiction.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_boot_that_skips_an_incarnation_is_a_contradiction() => Assert.Throws<ContradictionException>(
        () => VmFold.Apply(VmStory.Stopped().State, new VmEvents.BootBegun(3, BootTrigger.Started, 9, 0), Samples.Noon));

    [Fact]
    public void An_operation_number_that_was_used_is_a_contradiction() => Assert.Throws<ContradictionException>(
        () => VmFold.Apply(VmStory.Running().State, new VmEvents.SuspendAccepted(2), Samples.Noon));

    [Fact]
    public void An_event_that_nobody_knows_is_a_contradiction() => Assert.Throws<ContradictionException>(
        () => VmFold.Apply(VmStory.Running().State, new Unheard(), Samples.Noon));

    [Fact]
    public void The_view_shows_the_state_and_nothing_of_what_is_inside()
    {
        var view = VmStory.Running().State.View();
        Assert.Equal((Samples.Id, VmPhase.Running, 1L, "web", 2), (view.Id, view.Phase, view.Incarnation, view.Name, view.Vcpus));
        Assert.Throws<InvalidOperationException>(() => VmState.None.View());
    }

    private sealed record Unheard : IVmEvent;
}
