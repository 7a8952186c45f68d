using Akka.Event;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Hypervisors.Simulated;
using Hydravisor.Protocol;
using Xunit.Abstractions;

namespace Hydravisor.Actors.Tests.Hosts;

/// <summary>What a host makes of its hypervisor's list of domains.</summary>
public sealed class HostHypervisorTests(ITestOutputHelper output) : HydravisorSpec(output)
{
    private const string Orphan = "an orphan";

    [Fact]
    public async Task A_domain_that_stands_in_no_journal_is_reported() =>
        await EventFilter.Warning(contains: Orphan).ExpectOneAsync(() =>
        {
            Host().Hear(Survey(), _ => false);
            return Task.CompletedTask;
        });

    [Fact]
    public async Task A_domain_that_stands_in_the_journal_is_not() =>
        await EventFilter.Warning(contains: Orphan).ExpectAsync(0, () =>
        {
            Host().Hear(Survey(), _ => true);
            return Task.CompletedTask;
        });

    [Fact]
    public async Task A_domain_that_was_to_come_from_another_node_is_not() =>
        await EventFilter.Warning(contains: Orphan).ExpectAsync(0, () =>
        {
            Host().Hear(Survey(isComing: true), _ => false);
            return Task.CompletedTask;
        });

    private HostHypervisor Host() => new(
        Samples.Node, new FileSimulatedHypervisor(new SimulatedSettings("/nowhere"), TimeProvider.System),
        TestActor,
        Logging.GetLogger(Sys, "host"),
        TimeProvider.System);

    private static HostHypervisor.Surveyed Survey(bool isComing = false)
    {
        var id = InstanceId.Parse("vm-0123456789ab");
        return new(Outcome<IReadOnlyList<Sighting>>.Done([new Sighting(id, Power.Running, OffReason.Unknown, 1, Samples.Node)]), isComing ? [id] : []);
    }
}
