using Hydravisor.Libvirt;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Libvirt.Domains;

/// <summary>Looks at domains. Its calls block.</summary>
internal sealed class DomainSight(RunNumbers runs)
{
    private const int Looks = 3;

    /// <summary>Looks at one domain.</summary>
    /// <exception cref="LibvirtException">The call failed.</exception>
    public Outcome<Sighting> Look(LibvirtConnection connection, InstanceId id)
    {
        // Between its state and its process a domain can start or end: then it is looked at again.
        for (var look = 0; look < Looks; look++)
        {
            using var domain = connection.FindByUuid(DomainPlan.DomainUuid(id));
            if (domain is null)
            {
                return Outcome<Sighting>.Done(Sighting.NotThere(id));
            }

            if (DomainMark.Read(domain) is not { } mark || mark.Id != id)
            {
                return Outcome<Sighting>.Failed(NotOurs(id));
            }

            if (Sight(domain, mark) is { } seen)
            {
                return Outcome<Sighting>.Done(seen);
            }
        }

        return Outcome<Sighting>.Unavailable($"the domain {DomainPlan.DomainName(id)} starts or ends at this moment");
    }

    /// <summary>Looks at all domains that bear the mark.</summary>
    /// <exception cref="LibvirtException">A call failed.</exception>
    public IReadOnlyList<Sighting> List(LibvirtConnection connection)
    {
        var seen = new List<Sighting>();
        foreach (var domain in connection.ListAllDomains())
        {
            using (domain)
            {
                if (Connection.LibvirtNews.OursByName(domain.Name, domain.Uuid) is { } id && LookUnlessGone(connection, domain, id) is { } one)
                {
                    seen.Add(one);
                }
            }
        }

        return seen;
    }

    /// <summary>What is said of a domain without our mark.</summary>
    public static string NotOurs(InstanceId id) =>
        $"the domain {DomainPlan.DomainName(id)} is not ours: it bears no mark of Hydravisor. Rename or undefine it";

    private Sighting? LookUnlessGone(LibvirtConnection connection, LibvirtDomain domain, InstanceId id)
    {
        try
        {
            return DomainMark.Read(domain) is { } mark && mark.Id == id ? Sight(domain, mark) ?? Look(connection, id).Value : null;
        }
        catch (LibvirtException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    private Sighting? Sight(LibvirtDomain domain, DomainMark mark)
    {
        var status = domain.GetState();
        var (power, off) = Read(status);
        if (power == Power.Off)
        {
            return new Sighting(mark.Id, power, off, Run: 0, mark.Node);
        }

        return runs.Of(domain) is { } run ? new Sighting(mark.Id, power, off, run, mark.Node) : null;
    }

    /// <summary>What a state of libvirt means. A pause that libvirt makes and ends by itself is none.</summary>
    public static (Power Power, OffReason Off) Read(DomainStatus status) => status.State switch
    {
        DomainState.Shutoff => (Power.Off, status.Shutoff switch
        {
            ShutoffReason.Shutdown => OffReason.Shutdown,
            ShutoffReason.Destroyed => OffReason.Destroyed,
            ShutoffReason.Crashed or ShutoffReason.Failed => OffReason.Crashed,
            _ => OffReason.Unknown,
        }),
        DomainState.Paused => (status.Paused switch
        {
            PausedReason.StartingUp or PausedReason.ShuttingDown or PausedReason.Snapshot or PausedReason.Migration or PausedReason.Save
                or PausedReason.Dump or PausedReason.Postcopy => Power.Running,
            _ => Power.Paused,
        }, OffReason.Unknown),
        DomainState.PmSuspended or DomainState.Crashed => (Power.Paused, OffReason.Unknown),
        _ => (Power.Running, OffReason.Unknown),
    };
}
