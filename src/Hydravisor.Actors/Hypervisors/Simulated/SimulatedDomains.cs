using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hypervisors.Simulated;

/// <summary>What people and accidents do to a domain behind the node's back.</summary>
internal enum OutsideAction
{
    /// <summary><c>virsh start</c>.</summary>
    Start,

    /// <summary><c>virsh destroy</c>.</summary>
    Destroy,

    /// <summary><c>virsh suspend</c>.</summary>
    Suspend,

    /// <summary><c>virsh resume</c>.</summary>
    Resume,

    /// <summary><c>virsh destroy</c> and <c>virsh undefine</c>.</summary>
    Undefine,

    /// <summary>Its QEMU process is killed.</summary>
    Kill,

    /// <summary>The guest powers itself off.</summary>
    GuestPowersOff,

    /// <summary>The guest reboots by itself.</summary>
    GuestReboots,
}

/// <summary>A simulated hypervisor's domains: synchronous and deterministic. Time only passes by what the caller says.</summary>
/// <remarks>Not safe for several threads. Each call first lets the guests do what is due until <c>now</c>.</remarks>
/// <param name="guest">How guests behave whose labels say nothing else.</param>
internal sealed class SimulatedDomains(SimulatedGuest guest)
{
    private readonly Dictionary<InstanceId, SimulatedDomain> _domains = [];

    /// <summary>The domains.</summary>
    public IReadOnlyDictionary<InstanceId, SimulatedDomain> Domains => _domains;

    /// <summary>All that was done, in order.</summary>
    public List<SimulatedOperation> Log { get; } = [];

    /// <summary>What the hypervisor would tell, oldest first; the reader takes it out.</summary>
    public Queue<HypervisorNews> News { get; } = new();

    /// <summary>The next time at which a guest does something by itself.</summary>
    public DateTimeOffset? Due => _domains.Values.Min(domain => domain.Due);

    /// <summary>Puts a domain there as it is.</summary>
    public void Put(SimulatedDomain domain) => _domains[domain.Id] = domain;

    /// <summary>What follows from a change that was seen from outside, as libvirt would tell it.</summary>
    public static IEnumerable<HypervisorNews> NewsOf(SimulatedDomain? before, SimulatedDomain? after)
    {
        var id = (after ?? before)?.Id;
        if (id is null)
        {
            yield break;
        }

        if (before is not null && after is not null && before.Run == after.Run && after.Resets != before.Resets)
        {
            yield return new HypervisorNews.Rebooted(id);
        }

        if (before?.Power != after?.Power || before?.Run != after?.Run)
        {
            yield return new HypervisorNews.Changed(id, (after?.Power ?? Power.Missing).ToString());
        }
    }

    /// <summary>Lets the guests do what is due until now.</summary>
    public void Settle(DateTimeOffset now)
    {
        foreach (var id in _domains.Keys.OrderBy(id => id.Value, StringComparer.Ordinal).ToList())
        {
            Find(id, now);
        }
    }

    /// <summary>All domains.</summary>
    public IReadOnlyList<Sighting> List(DateTimeOffset now)
    {
        Settle(now);
        return [.. _domains.Values.Select(domain => domain.Sight())];
    }

    /// <summary>A look at one.</summary>
    public Sighting Inspect(InstanceId id, DateTimeOffset now) => Find(id, now)?.Sight() ?? Sighting.NotThere(id);

    /// <summary>Whether the guest of that boot has shown life.</summary>
    public bool IsReady(InstanceId id, long boot, DateTimeOffset now) =>
        Find(id, now) is { IsActive: true, Ready: true } domain && domain.Boot == boot;

    /// <summary>Defines the domain where it is missing.</summary>
    public Outcome Provision(DomainPlan plan, DateTimeOffset now)
    {
        if (Find(plan.Id, now) is { } there)
        {
            return there.Owner == plan.Node
                ? Outcome.Done
                : Outcome.Failed($"{plan.Id} belongs to node '{there.Owner}' and not to '{plan.Node}'");
        }

        var domain = new SimulatedDomain { Id = plan.Id, Owner = plan.Node, Guest = guest.For(plan.Labels), Agent = plan.Image.Ready.Agent };
        return Done(domain, SimulatedEffect.Defined, now);
    }

    /// <summary>Starts it for its n-th boot; one that runs since an earlier boot is ended first.</summary>
    public Outcome<long> Start(InstanceId id, long boot, DateTimeOffset now)
    {
        if (Find(id, now) is not { } domain)
        {
            return Outcome<long>.Failed(NoDomain(id));
        }

        if (domain.Boot > boot)
        {
            return Outcome<long>.Failed($"{id} was started for boot {domain.Boot} already: boot {boot} is over");
        }

        if (domain.IsActive && domain.Boot == boot)
        {
            return Outcome<long>.Done(domain.Run);
        }

        if (domain.IsActive)
        {
            domain = Note(domain.Ended(OffReason.Destroyed), SimulatedBy.Node, SimulatedEffect.Destroyed, now);
        }

        return Outcome<long>.Done(Note(domain.Started(boot, now), SimulatedBy.Node, SimulatedEffect.Started, now).Run);
    }

    /// <summary>Notes that the n-th boot began without a start.</summary>
    public Outcome MarkBoot(InstanceId id, long boot, DateTimeOffset now) => Find(id, now) switch
    {
        { IsActive: true } domain when domain.Boot < boot => Done(domain with { Boot = boot }, SimulatedEffect.Marked, now),
        { IsActive: true } => Outcome.Done,
        _ => Outcome.Failed(NotActive(id)),
    };

    /// <summary>Stops the processors.</summary>
    public Outcome Suspend(InstanceId id, DateTimeOffset now) => Find(id, now) switch
    {
        { Power: Power.Running } domain => Done(domain.Stilled(now), SimulatedEffect.Suspended, now),
        { Power: Power.Paused } => Outcome.Done,
        _ => Outcome.Failed(NotActive(id)),
    };

    /// <summary>Lets the processors run on.</summary>
    public Outcome Resume(InstanceId id, DateTimeOffset now) => Find(id, now) switch
    {
        { Power: Power.Paused } domain => Done(domain.RunningOn(now), SimulatedEffect.Resumed, now),
        { Power: Power.Running } => Outcome.Done,
        _ => Outcome.Failed(NotActive(id)),
    };

    /// <summary>Asks the guest to power itself off; done where it is off already.</summary>
    public Outcome Shutdown(InstanceId id, DateTimeOffset now) => Find(id, now) switch
    {
        { IsActive: true } domain => Done(domain.AskedOff(now), SimulatedEffect.AskedToPowerOff, now),
        _ => Outcome.Done,
    };

    /// <summary>Asks the guest to reboot.</summary>
    public Outcome Reboot(InstanceId id, DateTimeOffset now) => Find(id, now) switch
    {
        { IsActive: true } domain => Done(domain.AskedReboot(now), SimulatedEffect.AskedToReboot, now),
        _ => Outcome.Failed(NotActive(id)),
    };

    /// <summary>Resets the machine.</summary>
    public Outcome Reset(InstanceId id, DateTimeOffset now) => Find(id, now) switch
    {
        { IsActive: true } domain => Done(domain.WasReset(now), SimulatedEffect.Reset, now),
        _ => Outcome.Failed(NotActive(id)),
    };

    /// <summary>Ends its run; done where it is off already.</summary>
    public Outcome Destroy(InstanceId id, DateTimeOffset now) => Find(id, now) switch
    {
        { IsActive: true } domain => Done(domain.Ended(OffReason.Destroyed), SimulatedEffect.Destroyed, now),
        _ => Outcome.Done,
    };

    /// <summary>It is on another node now: that run has ended here, if it is the same one still.</summary>
    public Outcome Depart(InstanceId id, long run, DateTimeOffset now) => Find(id, now) switch
    {
        { IsActive: true } domain when domain.Run == run => Done(domain.Ended(OffReason.Destroyed), SimulatedEffect.Departed, now),
        _ => Outcome.Failed("it ended while it was on its way"),
    };

    /// <summary>It is here, and stands still, in a domain that was defined for it.</summary>
    public Outcome Arrive(SimulatedDomain came, DateTimeOffset now) => Find(came.Id, now) switch
    {
        { IsActive: false } place => Done((came with { Run = place.Run + 1, Lines = place.Lines, LastLines = place.LastLines }).Stilled(came.PausedAt ?? now), SimulatedEffect.Arrived, now),
        _ => Outcome.Failed($"no place was made for {came.Id}"),
    };

    /// <summary>Destroys and undefines it; done where there is none.</summary>
    public Outcome Remove(InstanceId id, DateTimeOffset now)
    {
        Destroy(id, now);
        if (_domains.TryGetValue(id, out var domain))
        {
            Note(domain with { Gone = true }, SimulatedBy.Node, SimulatedEffect.Undefined, now);
        }

        return Outcome.Done;
    }

    /// <summary>Does what people and accidents do; says whether the domain could suffer it.</summary>
    public bool Act(InstanceId id, OutsideAction action, DateTimeOffset now)
    {
        if (Find(id, now) is not { } domain)
        {
            return false;
        }

        (SimulatedDomain After, SimulatedEffect Effect)? done = (action, domain.Power) switch
        {
            (OutsideAction.Start, Power.Off) => (domain.Started(domain.Boot, now), SimulatedEffect.Started),
            (OutsideAction.Destroy, not Power.Off) => (domain.Ended(OffReason.Destroyed), SimulatedEffect.Destroyed),
            (OutsideAction.Kill, not Power.Off) => (domain.Ended(OffReason.Crashed), SimulatedEffect.Killed),
            (OutsideAction.Suspend, Power.Running) => (domain.Stilled(now), SimulatedEffect.Suspended),
            (OutsideAction.Resume, Power.Paused) => (domain.RunningOn(now), SimulatedEffect.Resumed),
            (OutsideAction.Undefine, _) => (domain.Ended(OffReason.Destroyed) with { Gone = true }, SimulatedEffect.Undefined),
            (OutsideAction.GuestPowersOff, Power.Running) => (domain.Ended(OffReason.Shutdown), SimulatedEffect.PoweredOff),
            (OutsideAction.GuestReboots, Power.Running) => (domain.WasReset(now), SimulatedEffect.Reset),
            _ => null,
        };
        if (done is not { } change)
        {
            return false;
        }

        var byGuest = action is OutsideAction.GuestPowersOff or OutsideAction.GuestReboots;
        Note(change.After, byGuest ? SimulatedBy.Guest : SimulatedBy.Outside, change.Effect, now);
        return true;
    }

    private SimulatedDomain? Find(InstanceId id, DateTimeOffset now)
    {
        var domain = _domains.GetValueOrDefault(id);
        while (domain?.Due is { } due && due <= now)
        {
            domain = domain switch
            {
                { OffAt: { } off } when off == due => Note(domain.Ended(OffReason.Shutdown), SimulatedBy.Guest, SimulatedEffect.PoweredOff, due),
                { ResetAt: { } reset } when reset == due => Note(domain.WasReset(due), SimulatedBy.Guest, SimulatedEffect.Reset, due),
                _ => Note(domain with { Ready = true }, SimulatedBy.Guest, SimulatedEffect.ShowedLife, due),
            };
        }

        return domain;
    }

    private Outcome Done(SimulatedDomain after, SimulatedEffect effect, DateTimeOffset now)
    {
        Note(after, SimulatedBy.Node, effect, now);
        return Outcome.Done;
    }

    private SimulatedDomain Note(SimulatedDomain after, SimulatedBy by, SimulatedEffect effect, DateTimeOffset at)
    {
        var before = _domains.GetValueOrDefault(after.Id);
        if (after.Gone)
        {
            _domains.Remove(after.Id);
        }
        else
        {
            _domains[after.Id] = after;
        }

        Log.Add(new SimulatedOperation(at, by, effect, after.Id, after.Boot, after.Run));
        foreach (var news in NewsOf(before, after.Gone ? null : after))
        {
            News.Enqueue(news);
        }

        return after;
    }

    private static string NoDomain(InstanceId id) => $"there is no domain {DomainPlan.DomainName(id)}";

    private static string NotActive(InstanceId id) => $"the domain {DomainPlan.DomainName(id)} does not run";
}
