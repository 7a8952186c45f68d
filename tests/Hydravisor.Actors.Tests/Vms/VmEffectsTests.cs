using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms;

public sealed class VmEffectsTests
{
    [Fact]
    public void An_accepted_operation_is_carried_out_once()
    {
        var running = VmStory.Running().State;
        var suspending = VmStory.Suspending().State;
        Assert.IsType<VmEffect.Perform>(Assert.Single(VmEffects.Between(running, suspending)));
        Assert.Empty(VmEffects.Between(suspending, suspending));
    }

    [Fact]
    public void An_operation_that_goes_over_to_force_is_carried_out_anew()
    {
        var effect = Assert.Single(VmEffects.Between(VmStory.Stopping().State, VmStory.Stopping().Overdue().State));
        Assert.True(Assert.IsType<VmEffect.Perform>(effect).Operation.Forced);
    }

    [Fact]
    public void When_an_operation_ends_the_domain_is_looked_at() =>
        Assert.Equal([new VmEffect.Look()], VmEffects.Between(VmStory.Suspending().State, VmStory.Suspended().State));

    [Fact]
    public void When_all_is_deleted_there_is_nothing_to_look_at() =>
        Assert.Empty(VmEffects.Between(VmStory.Deleting().State, VmStory.Deleted().State));

    [Fact]
    public void After_a_recovery_what_is_in_flight_is_outstanding_in_every_situation()
    {
        foreach (var (name, make) in VmStory.All)
        {
            var state = make().State;
            var outstanding = VmEffects.Outstanding(state);
            Assert.Equal((name, state.Operation is not null), (name, outstanding.Any(effect => effect is VmEffect.Perform)));
            Assert.Equal((name, VmEffects.AwaitsLife(state)), (name, outstanding.Any(effect => effect is VmEffect.AwaitLife)));
            Assert.Equal(
                (name, state.Run != 0 && !state.IsReleased && state.Phase is not (VmPhase.Deleting or VmPhase.Deleted)),
                (name, outstanding.Contains(new VmEffect.OpenTerminal())));
        }
    }

    [Fact]
    public void No_terminal_is_opened_that_would_outlive_a_deletion() =>
        Assert.IsType<VmEffect.Perform>(Assert.Single(VmEffects.Outstanding(VmStory.Deleting().State)));
}
