using Akka.Actor;
using Akka.Event;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>What a host knows of its hypervisor: whether it is there, what it has to give, and which domains are nobody's.</summary>
/// <remarks>Not thread-safe: the host actor's own; what it asks for comes back to the host as a message.</remarks>
internal sealed class HostHypervisor(string node, IHypervisor hypervisor, IActorRef self, ILoggingAdapter log, TimeProvider time)
{
    /// <summary>Whether it was last heard to be there.</summary>
    public bool IsThere { get; private set; }

    /// <summary>Since when it has been there, or away.</summary>
    public DateTimeOffset Since { get; private set; } = time.GetUtcNow();

    /// <summary>What it has to give; null as long as that is not known.</summary>
    public Capacity? Capacity { get; private set; }

    /// <summary>Why nothing can be made on it now; null when it can.</summary>
    public string? Trouble => hypervisor.Trouble ?? (Capacity is null ? "its capacity is not known yet" : null);

    /// <summary>Begins to listen: news come to the host as <see cref="News"/>.</summary>
    public void Begin() => hypervisor.Begin(news => self.Tell(new News(news)));

    /// <summary>It is there, for the first time or again.</summary>
    public void Came()
    {
        log.Info("the hypervisor is there");
        (IsThere, Since) = (true, time.GetUtcNow());
        RefreshCapacity();
    }

    /// <summary>It is there no more.</summary>
    public void Went(string reason)
    {
        log.Warning("the hypervisor is lost: {Reason}", reason);
        (IsThere, Since) = (false, time.GetUtcNow());
    }

    /// <summary>Asks anew what it has to give.</summary>
    public void RefreshCapacity() => hypervisor.CapacityAsync().PipeTo(
        self, success: capacity => new CapacityKnown(capacity), failure: e => new CapacityKnown(Outcome<Capacity>.Failed(e.Message)));

    /// <summary>Looks for domains that are nobody's, where it is there.</summary>
    public void Survey()
    {
        if (IsThere)
        {
            SurveyAsync().PipeTo(self, failure: e => new Surveyed(Outcome<IReadOnlyList<Sighting>>.Failed(e.Message), []));
        }
    }

    /// <summary>What it has to give came.</summary>
    public void Hear(CapacityKnown known)
    {
        if (known.Outcome is { IsDone: true, Value: { } capacity })
        {
            Capacity = capacity;
        }
        else
        {
            log.Warning("the node's capacity is not known: {Reason}", known.Outcome.Result.Reason);
        }
    }

    /// <summary>The list of domains came. What bears our mark and stands in no journal is reported and never touched: it may be the last
    /// copy of somebody's work. What was to come from another node is that node's, and is removed where it does not come.</summary>
    /// <param name="surveyed">The list.</param>
    /// <param name="isKnown">Whether a VM stands in the journal.</param>
    public void Hear(Surveyed surveyed, Func<InstanceId, bool> isKnown)
    {
        foreach (var orphan in surveyed.Outcome.Value?.Where(seen => seen.Owner == node && !surveyed.Coming.Contains(seen.Id) && !isKnown(seen.Id)) ?? [])
        {
            log.Warning(
                "the domain {Domain} bears this node's mark and stands in no journal: an orphan; it is left alone (virsh undefine removes it)",
                DomainPlan.DomainName(orphan.Id));
        }
    }

    // In this order: that a domain is to come is noted before it is made.
    private async Task<object> SurveyAsync()
    {
        var domains = await hypervisor.ListAsync().ConfigureAwait(false);
        var coming = await hypervisor.ImportsAsync().ConfigureAwait(false);
        return new Surveyed(domains, coming.Value is { } aside ? [.. aside.Keys] : []);
    }

    /// <summary>The hypervisor tells something.</summary>
    internal sealed record News(HypervisorNews What) : INoSerializationVerificationNeeded;

    /// <summary>What it has to give.</summary>
    internal sealed record CapacityKnown(Outcome<Capacity> Outcome) : INoSerializationVerificationNeeded;

    /// <summary>Its domains.</summary>
    /// <param name="Outcome">All of them.</param>
    /// <param name="Coming">Those that are to come from other nodes.</param>
    internal sealed record Surveyed(Outcome<IReadOnlyList<Sighting>> Outcome, IReadOnlyCollection<InstanceId> Coming) : INoSerializationVerificationNeeded;
}
