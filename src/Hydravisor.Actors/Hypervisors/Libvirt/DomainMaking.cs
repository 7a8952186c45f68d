using Hydravisor.Actors.Hypervisors.Images;
using Hydravisor.Actors.Hypervisors.Libvirt.Calls;
using Hydravisor.Actors.Hypervisors.Libvirt.Domains;
using Hydravisor.Actors.Hypervisors.Libvirt.Files;
using Hydravisor.Actors.Hypervisors.Libvirt.Life;
using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt;

/// <summary>Makes domains and their runs. Its calls block, and each finds out first what is there already.</summary>
internal sealed class DomainMaking(LibvirtSettings settings, VmFiles files, DomainOperations operations, DomainSight sight, QemuUsers users)
{
    /// <summary>Makes a domain's files and definition, where they are missing.</summary>
    public Outcome Provision(LibvirtConnection connection, DomainPlan plan, Turn turn)
    {
        if (plan.Node != settings.NodeName)
        {
            return Outcome.Failed($"{plan.Id} is planned for the node '{plan.Node}', and this is '{settings.NodeName}'");
        }

        using var domain = connection.FindByUuid(DomainPlan.DomainUuid(plan.Id));
        if (domain is not null && operations.Refusal(domain, plan.Id) is { } refusal)
        {
            return Outcome.Failed(refusal);
        }

        var image = files.ImageOf(plan);
        var made = image.IsDone ? files.Make(plan, image.Value!) : image.Result;
        if (!made.IsDone || domain is not null)
        {
            return made;
        }

        if (turn.IsOvertaken)
        {
            return LibvirtCalls.Overtaken<bool>().Result;
        }

        Define(connection, plan, image.Value!, users.On(connection));
        return Outcome.Done;
    }

    /// <summary>Makes a domain's files and definition anew, for what comes from another node as it runs.</summary>
    /// <returns>The definition.</returns>
    public Outcome<string> Land(LibvirtConnection connection, DomainPlan plan, Turn turn)
    {
        // What an earlier attempt left of its disk would show through.
        var begun = operations.Undefine(connection, plan.Id);
        begun = begun.IsDone ? files.Remove(plan.Id) : begun;
        begun = begun.IsDone ? files.Expect(plan.Id) : begun;
        begun = begun.IsDone ? Provision(connection, plan, turn) : begun;
        var image = files.ImageOf(plan);
        if (!begun.IsDone || !image.IsDone)
        {
            return new Outcome<string>(begun.IsDone ? image.Result : begun, null);
        }

        var user = users.On(connection);
        var lent = user is null ? Outcome.Done : files.Lend(plan.Id, user);
        return new Outcome<string>(lent, lent.IsDone ? DomainXml.Write(plan, image.Value!, files.Of(plan.Id), settings, user).Xml : null);
    }

    /// <summary>Starts a domain for its n-th boot.</summary>
    /// <returns>The run number.</returns>
    public Outcome<long> Start(LibvirtConnection connection, DomainPlan plan, long incarnation, Turn turn)
    {
        using var domain = connection.FindByUuid(DomainPlan.DomainUuid(plan.Id));
        if (domain is null)
        {
            return Outcome<long>.Failed(DomainOperations.NoDomain(plan.Id));
        }

        if (operations.Refusal(domain, plan.Id) is { } refusal)
        {
            return Outcome<long>.Failed(refusal);
        }

        var paths = files.Of(plan.Id);
        var marked = BootMarker.Read(paths)?.Incarnation ?? 0;
        if (marked > incarnation)
        {
            return Outcome<long>.Failed($"{plan.Id} was started for boot {marked} already: boot {incarnation} is over");
        }

        if (domain.IsActive)
        {
            if (marked == incarnation)
            {
                return RunOf(connection, plan.Id);
            }

            if (operations.Destroy(connection, plan.Id) is { IsDone: false } alive)
            {
                return new Outcome<long>(alive, default);
            }
        }

        var redefined = KeepDefinition(connection, domain, plan);
        return !redefined.IsDone ? new Outcome<long>(redefined, default)
            : turn.IsOvertaken ? LibvirtCalls.Overtaken<long>()
            : Create(connection, domain, plan.Id, paths, incarnation);
    }

    /// <summary>Notes that a boot has begun that was not begun here.</summary>
    public Outcome MarkBoot(LibvirtConnection connection, InstanceId id, long incarnation, BootPlaces boots)
    {
        using var domain = connection.FindByUuid(DomainPlan.DomainUuid(id));
        if (domain is null)
        {
            return Outcome.Failed(DomainOperations.NoDomain(id));
        }

        if (operations.Refusal(domain, id) is { } refusal)
        {
            return Outcome.Failed(refusal);
        }

        if (!domain.IsActive)
        {
            return Outcome.Failed($"the domain {DomainPlan.DomainName(id)} does not run");
        }

        var paths = files.Of(id);
        var before = BootMarker.Read(paths);
        if (before is null || before.Incarnation < incarnation)
        {
            boots.Take(id, incarnation, before).Write(paths);
        }

        return Outcome.Done;
    }

    private Outcome<long> Create(LibvirtConnection connection, LibvirtDomain domain, InstanceId id, VmPaths paths, long incarnation)
    {
        BootMarker.Now(paths, incarnation).Write(paths);
        try
        {
            // A memory image that an operator saved is not what a boot means.
            FewerFlags.Try(domain.Create, DomainCreateFlags.ForceBoot, DomainCreateFlags.None);
        }
        catch (LibvirtException e) when (e.IsInvalidState && domain.IsActive)
        {
            // Somebody else started it in this moment: it runs.
        }

        return RunOf(connection, id);
    }

    private Outcome<long> RunOf(LibvirtConnection connection, InstanceId id)
    {
        var seen = sight.Look(connection, id);
        return !seen.IsDone ? new Outcome<long>(seen.Result, default)
            : seen.Value is { Run: not 0 and var run } ? Outcome<long>.Done(run)
            : Outcome<long>.Failed($"the domain {DomainPlan.DomainName(id)} ended as soon as it was started");
    }

    // A definition of another release, or for another way to run, is written anew; the disk and all else stays.
    private Outcome KeepDefinition(LibvirtConnection connection, LibvirtDomain domain, DomainPlan plan)
    {
        var image = files.ImageOf(plan);
        if (!image.IsDone)
        {
            return image.Result;
        }

        var user = users.On(connection);
        var (_, mark) = DomainXml.Write(plan, image.Value!, files.Of(plan.Id), settings, user);
        if (DomainMark.Read(domain)?.Generation != mark.Generation)
        {
            Define(connection, plan, image.Value!, user);
        }

        // Each time: what ran under an older definition was given back to root by libvirt.
        return user is null ? Outcome.Done : files.Lend(plan.Id, user);
    }

    private void Define(LibvirtConnection connection, DomainPlan plan, ImageEntry image, QemuUser? user) =>
        connection.Define(DomainXml.Write(plan, image, files.Of(plan.Id), settings, user).Xml, DomainDefineFlags.Validate).Dispose();
}
