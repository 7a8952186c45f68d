using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Domains;

/// <summary>Changes what a domain does. Its calls block; each says "done" where it is so already, and touches only this node's domains.</summary>
/// <param name="node">This node.</param>
internal sealed class DomainOperations(string node)
{
    /// <summary>Stops the processors.</summary>
    public Outcome Suspend(LibvirtConnection connection, InstanceId id) => Active(connection, id, domain => domain.Suspend(), Power.Paused);

    /// <summary>Lets the processors run on.</summary>
    public Outcome Resume(LibvirtConnection connection, InstanceId id) => Active(connection, id, domain => domain.Resume(), Power.Running);

    /// <summary>Asks the guest to reboot.</summary>
    public Outcome Reboot(LibvirtConnection connection, InstanceId id) => Active(connection, id, domain => domain.Reboot(DomainRebootFlags.None));

    /// <summary>Resets the machine.</summary>
    public Outcome Reset(LibvirtConnection connection, InstanceId id) => Active(connection, id, domain => domain.Reset());

    /// <summary>Asks the guest to power itself off.</summary>
    public Outcome Shutdown(LibvirtConnection connection, InstanceId id) =>
        EndRun(connection, id, domain => domain.Shutdown(DomainShutdownFlags.None));

    /// <summary>Ends the run.</summary>
    public Outcome Destroy(LibvirtConnection connection, InstanceId id) => EndRun(connection, id, domain => domain.Destroy(DomainDestroyFlags.None));

    /// <summary>Ends the run and removes the definition, with libvirt's own log of it.</summary>
    public Outcome Undefine(LibvirtConnection connection, InstanceId id)
    {
        using var domain = connection.FindByUuid(DomainPlan.DomainUuid(id));
        if (domain is null)
        {
            return Outcome.Done;
        }

        if (Refusal(domain, id) is { } refusal)
        {
            return Outcome.Failed(refusal);
        }

        try
        {
            if (domain.IsActive)
            {
                FewerFlags.Try(domain.Destroy, DomainDestroyFlags.RemoveLogs, DomainDestroyFlags.None);
            }
        }
        catch (LibvirtException e) when (e.IsInvalidState || e.IsNotFound)
        {
            // It ended by itself between the question and the call.
        }

        try
        {
            FewerFlags.Try(
                domain.Undefine,
                DomainUndefineFlags.Everything,
                DomainUndefineFlags.ManagedSave | DomainUndefineFlags.SnapshotsMetadata | DomainUndefineFlags.CheckpointsMetadata,
                DomainUndefineFlags.ManagedSave,
                DomainUndefineFlags.None);
        }
        catch (LibvirtException e) when (e.IsNotFound)
        {
            // Somebody else undefined it.
        }

        return Outcome.Done;
    }

    /// <summary>Why this node may not touch that domain; null where it may.</summary>
    public string? Refusal(LibvirtDomain domain, InstanceId id) => DomainMark.Read(domain) switch
    {
        { } mark when mark.Id == id && mark.Node == node => null,
        { } mark when mark.Id == id => $"the domain {DomainPlan.DomainName(id)} is not ours: it belongs to the node '{mark.Node}', and this is '{node}'",
        _ => DomainSight.NotOurs(id),
    };

    /// <summary>What is said of a domain that is not there.</summary>
    public static string NoDomain(InstanceId id) => $"there is no domain {DomainPlan.DomainName(id)}";

    private Outcome Active(LibvirtConnection connection, InstanceId id, Action<LibvirtDomain> call, Power? wanted = null)
    {
        using var domain = connection.FindByUuid(DomainPlan.DomainUuid(id));
        if (domain is null)
        {
            return Outcome.Failed(NoDomain(id));
        }

        if (Refusal(domain, id) is { } refusal)
        {
            return Outcome.Failed(refusal);
        }

        try
        {
            call(domain);
            return Outcome.Done;
        }
        catch (LibvirtException e) when (e.IsInvalidState)
        {
            var power = DomainSight.Read(domain.GetState()).Power;
            return power == wanted ? Outcome.Done
                : power == Power.Off ? Outcome.Failed($"the domain {DomainPlan.DomainName(id)} does not run")
                : Outcome.Failed(LibvirtWords.Of(e));
        }
        catch (LibvirtException e) when (e.IsNotFound)
        {
            return Outcome.Failed(NoDomain(id));
        }
    }

    private Outcome EndRun(LibvirtConnection connection, InstanceId id, Action<LibvirtDomain> call)
    {
        using var domain = connection.FindByUuid(DomainPlan.DomainUuid(id));
        if (domain is null)
        {
            return Outcome.Done;
        }

        if (Refusal(domain, id) is { } refusal)
        {
            return Outcome.Failed(refusal);
        }

        try
        {
            if (domain.IsActive)
            {
                call(domain);
            }

            return Outcome.Done;
        }
        catch (LibvirtException e) when (e.IsInvalidState)
        {
            return domain.IsActive ? Outcome.Failed(LibvirtWords.Of(e)) : Outcome.Done;
        }
        catch (LibvirtException e) when (e.IsNotFound)
        {
            return Outcome.Done;
        }
    }
}
