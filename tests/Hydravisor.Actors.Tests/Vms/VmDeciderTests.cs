using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Vms;

/// <summary>What is not in the table of phases by commands.</summary>
public sealed class VmDeciderTests
{
    [Fact]
    public void A_creation_repeated_by_the_same_agent_with_the_same_wishes_creates_nothing() =>
        Assert.IsType<VmDecision.Already>(VmStory.Running().Decide(VmStory.Create()));

    [Fact]
    public void A_creation_of_a_vm_that_was_deleted_meanwhile_is_still_a_repeat() =>
        Assert.IsType<VmDecision.Already>(VmStory.Deleted().Decide(VmStory.Create()));

    [Theory]
    [InlineData("agent-2", VmStory.RequestId, "digest-1")]
    [InlineData(VmStory.Agent, "request-2", "digest-1")]
    [InlineData(VmStory.Agent, null, "digest-1")]
    [InlineData(VmStory.Agent, VmStory.RequestId, "digest-2")]
    public void A_creation_that_differs_in_anything_is_another_and_conflicts(string agent, string? requestId, string digest)
    {
        var denied = Assert.IsType<VmDecision.Denied>(VmStory.Running().Decide(VmStory.Create(digest), agent: agent, requestId: requestId));
        Assert.Equal(ErrorCode.Conflict, denied.Code);
    }

    [Fact]
    public void A_command_for_another_incarnation_is_refused_and_says_which_is_current()
    {
        var denied = Assert.IsType<VmDecision.Denied>(VmStory.Running().Decide(new VmCommand.Stop(Forced: true), incarnation: 7));
        Assert.Equal((VmDenial.OtherIncarnation, ErrorCode.Conflict), (denied.Denial, denied.Code));
        Assert.Contains("incarnation 1, not 7", denied.Message, StringComparison.Ordinal);
        Assert.IsType<VmDecision.Accepted>(VmStory.Running().Decide(new VmCommand.Stop(Forced: true), incarnation: 1));
    }

    [Fact]
    public void Nothing_is_begun_while_the_hypervisor_is_down()
    {
        foreach (var command in (VmCommand[])[new VmCommand.Stop(false), new VmCommand.Suspend(), new VmCommand.Reboot(), new VmCommand.Delete()])
        {
            var denied = Assert.IsType<VmDecision.Denied>(VmStory.Running().Decide(command, trouble: "it is away"));
            Assert.Equal(ErrorCode.Unavailable, denied.Code);
            Assert.Contains("it is away", denied.Message, StringComparison.Ordinal);
        }

        Assert.Equal(ErrorCode.Unavailable, Assert.IsType<VmDecision.Denied>(new VmStory().Decide(VmStory.Create(), trouble: "it is away")).Code);
    }

    [Fact]
    public void What_was_accepted_before_is_still_confirmed_while_the_hypervisor_is_down()
    {
        Assert.IsType<VmDecision.Already>(VmStory.Running().Decide(VmStory.Create(), trouble: "it is away"));
        Assert.IsType<VmDecision.Already>(VmStory.Deleting().Decide(new VmCommand.Delete(), trouble: "it is away"));
        Assert.IsType<VmDecision.Already>(VmStory.Deleted().Decide(new VmCommand.Delete(), trouble: "it is away"));
    }

    [Fact]
    public void Every_denial_has_a_code_and_a_sentence()
    {
        foreach (var denial in Enum.GetValues<VmDenial>())
        {
            Assert.True((int)new VmDecision.Denied(denial, "x").Code is 404 or 409 or 503);
        }
    }

    [Fact]
    public void Force_overrides_a_stop_that_asks() =>
        Assert.True(VmStory.Stopping().Asked(new VmCommand.Stop(Forced: true)).Operation.Forced);

    [Fact]
    public void A_deletion_overrides_whatever_is_in_progress()
    {
        foreach (var (name, make) in VmStory.All.Where(situation => situation.Name is not ("not there" or "deleting" or "deleted") && !situation.Make().State.IsReleased))
        {
            var story = make().Asked(new VmCommand.Delete());
            Assert.Equal((name, OperationKind.Delete), (name, story.Operation.Kind));
            story.Ended();
            Assert.Equal(VmPhase.Deleted, story.State.Phase);
        }
    }
}
