using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>The people and accidents around a simulated hypervisor, from whichever process: for tests. Safe for all threads.</summary>
internal sealed class SimulatedOutside
{
    private readonly SimulatedDirectory _directory;

    private SimulatedOutside(SimulatedDirectory directory) => _directory = directory;

    /// <summary>Comes to the hypervisor in that directory, which is made where it is missing.</summary>
    public static async Task<SimulatedOutside> OpenAsync(SimulatedSettings settings, TimeProvider time)
    {
        var directory = new SimulatedDirectory(settings, time);
        await directory.OpenAsync().ConfigureAwait(false);
        return new SimulatedOutside(directory);
    }

    /// <summary>All domains as they are now.</summary>
    public IReadOnlyList<SimulatedDomain> Domains => _directory.ReadAll();

    /// <summary>All that was done to them.</summary>
    public IReadOnlyList<SimulatedOperation> Operations => _directory.ReadOperations();

    /// <summary>Does something to a domain; says whether the domain could suffer it.</summary>
    public Task<bool> ActAsync(InstanceId id, OutsideAction action) =>
        _directory.ChangeAsync(id, (domains, now) => domains.Act(id, action, now));

    /// <summary>Defines a domain that another node owns, or that nobody's journal knows.</summary>
    public Task<Outcome> DefineAsync(DomainPlan plan) =>
        _directory.ChangeAsync(plan.Id, (domains, now) => domains.Provision(plan, now));

    /// <summary>From now on the hypervisor cannot be reached, by any process.</summary>
    public void GoDown() => File.WriteAllText(_directory.DownFile, "");

    /// <summary>The hypervisor can be reached again.</summary>
    public void ComeBack() => File.Delete(_directory.DownFile);
}
