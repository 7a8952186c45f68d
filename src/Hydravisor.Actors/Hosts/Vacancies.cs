using Akka.Actor;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>Entries of the registry without a VM: the journal was lost or the node went down before the VM's own stream began, and nobody was told of it. They are voided.</summary>
/// <remarks>
/// The VM's actor stays: a creation that comes later finds it. What was reserved is let go first: who forgets the entry forgets that too.
/// Not thread-safe: the host actor's own; what it waits for comes to the host as a message.
/// </remarks>
/// <param name="parts">What the host works with.</param>
/// <param name="mayFill">Whether something is under way that may fill an entry.</param>
/// <param name="self">The host.</param>
/// <param name="timers">The host's timers.</param>
internal sealed class Vacancies(HostParts parts, Func<RegistryEntry, bool> mayFill, IActorRef self, Func<ITimerScheduler> timers)
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(2);

    /// <summary>The registry; set before the first look.</summary>
    public IActorRef Registry { get; set; } = ActorRefs.Nobody;

    /// <summary>Something that might have filled an entry came to nothing, or its VM turned out not to be.</summary>
    /// <param name="id">The entry.</param>
    /// <param name="registered">The registry.</param>
    public void Look(InstanceId id, RegistryState registered)
    {
        if (!IsVacant(id, registered))
        {
            return;
        }

        if (parts.Reservations is { } reservations)
        {
            reservations.ReleaseAsync(id).PipeTo(self, success: () => new Released(id), failure: _ => new NotReleased(id));
        }
        else
        {
            Registry.Tell(new RegistryActor.Void(id));
        }
    }

    /// <summary>What was waited for came.</summary>
    /// <param name="vacancy">It.</param>
    /// <param name="registered">The registry.</param>
    public void Hear(Vacancy vacancy, RegistryState registered)
    {
        switch (vacancy)
        {
            case Released when IsVacant(vacancy.Id, registered):
                Registry.Tell(new RegistryActor.Void(vacancy.Id));
                break;
            case NotReleased:
                timers().StartSingleTimer(vacancy.Id, new Again(vacancy.Id), AgainAfter);
                break;
            case Again:
                Look(vacancy.Id, registered);
                break;
        }
    }

    private bool IsVacant(InstanceId id, RegistryState registered) =>
        !parts.Roster.Views.ContainsKey(id) && registered.Entries.TryGetValue(id, out var entry) && entry.Retired is null && !mayFill(entry);

    /// <summary>To the host: something of an entry that was waited for; for <see cref="Hear"/>.</summary>
    /// <param name="Id">The entry.</param>
    internal abstract record Vacancy(InstanceId Id) : INoSerializationVerificationNeeded;

    private sealed record Released(InstanceId Id) : Vacancy(Id);

    private sealed record NotReleased(InstanceId Id) : Vacancy(Id);

    private sealed record Again(InstanceId Id) : Vacancy(Id);
}
