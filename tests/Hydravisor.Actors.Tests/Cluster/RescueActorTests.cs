using Hydravisor.Actors.Cluster;
using Hydravisor.Actors.Tests.Vms;
using Hydravisor.Actors.Vms;

namespace Hydravisor.Actors.Tests.Cluster;

/// <summary>Which VMs of a lost node are started anew.</summary>
public sealed class RescueActorTests
{
    [Fact]
    public void A_vm_that_ran_or_was_about_to_is_started_anew_also_where_it_was_on_its_way_elsewhere() => Assert.Equal(
        [
            "provisioning", "booting, its domain being started", "booting", "running", "running, being rebooted", "running, being reset", "stopping, to be moved", "stopped, being moved",
            "stopped, released to another node", "running, being migrated", "running, migrated to another node", "provisioning, migrated here", "provisioning where it was moved to",
        ],
        VmStory.All.Select(each => (each.Name, each.Make().State)).Where(each => each.State.Spec is not null && RescueActor.Wants(each.State with { Spec = each.State.Spec with { OnNodeLoss = OnNodeLoss.Restart } })).Select(each => each.Name));

    [Fact]
    public void A_vm_that_did_not_ask_for_it_waits_for_its_node() =>
        Assert.DoesNotContain(VmStory.All, each => RescueActor.Wants(each.Make().State));
}
