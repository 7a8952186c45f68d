using Hydravisor.Actors.Hosts;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Tests.Hosts;

public sealed class RosterTests
{
    [Fact]
    public void A_vm_that_is_gone_is_not_thought_to_be_there_any_more()
    {
        var other = InstanceId.Parse("vm-00000000ffff");
        var roster = new Roster();
        Assert.True(roster.MayHave(other), "Anything may be there before the registry is known.");
        roster.Know([Samples.Id]);
        Assert.Equal((true, false), (roster.MayHave(Samples.Id), roster.MayHave(other)));
        roster.Forget(Samples.Id);
        Assert.False(roster.MayHave(Samples.Id));
    }
}
