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
    private static readonly InstanceId Domain = InstanceId.Parse("vm-0123456789ab");

    // Comes last in the list and is always one: what is reported before it is all that is.
    private static readonly InstanceId Orphan = InstanceId.Parse("vm-00000000000f");

    [Fact]
    public async Task A_domain_that_stands_in_no_journal_is_reported() => Assert.Equal([Domain, Orphan], await OrphansAsync(isKnown: false, isComing: false));

    [Fact]
    public async Task A_domain_that_stands_in_the_journal_is_not() => Assert.Equal([Orphan], await OrphansAsync(isKnown: true, isComing: false));

    [Fact]
    public async Task A_domain_that_was_to_come_from_another_node_is_not() => Assert.Equal([Orphan], await OrphansAsync(isKnown: false, isComing: true));

    private async Task<IReadOnlyList<InstanceId>> OrphansAsync(bool isKnown, bool isComing)
    {
        var log = CreateTestProbe();
        Sys.EventStream.Subscribe(log, typeof(Warning));
        var host = new HostHypervisor(
            Samples.Node, new FileSimulatedHypervisor(new SimulatedSettings("/nowhere"), TimeProvider.System), TestActor, Logging.GetLogger(Sys, "host"), TimeProvider.System);
        IReadOnlyList<Sighting> domains = [.. ((InstanceId[])[Domain, Orphan]).Select(id => new Sighting(id, Power.Running, OffReason.Unknown, 1, Samples.Node))];
        host.Hear(new HostHypervisor.Surveyed(Outcome<IReadOnlyList<Sighting>>.Done(domains), isComing ? [Domain] : []), id => id == Domain && isKnown);

        var reported = new List<InstanceId>();
        while (reported.LastOrDefault() != Orphan)
        {
            var said = (await log.ExpectMsgAsync<Warning>()).Message.ToString()!;
            reported.AddRange(domains.Select(seen => seen.Id).Where(id => said.Contains("an orphan", StringComparison.Ordinal) && said.Contains(id.Value, StringComparison.Ordinal)));
        }

        return reported;
    }
}
