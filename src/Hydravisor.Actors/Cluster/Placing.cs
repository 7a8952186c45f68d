using Akka.Actor;
using Hydravisor.Actors.Hosts;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Cluster;

/// <summary>One VM that is being placed. Not thread-safe: the placement actor's own.</summary>
internal sealed class Placing
{
    /// <summary>What it asks of a node.</summary>
    public required VmRequest Request { get; init; }

    /// <summary>Who awaits the answer.</summary>
    public required IActorRef Asker { get; init; }

    /// <summary>Under which number.</summary>
    public required long Correlation { get; init; }

    /// <summary>The message to a host, under a ticket of the placement's.</summary>
    public required Func<long, object> ToHost { get; init; }

    /// <summary>When it began, as a timestamp of the clock.</summary>
    public required long Began { get; init; }

    /// <summary>Whether the VM is to be made: who asked follows it from then on. Else there is one already, that needs another node.</summary>
    public bool IsNew { get; init; }

    /// <summary>The id under which the request may have been fulfilled before, that of its first attempt: a node on which another VM has it knows the next one. Null: it was not.</summary>
    public InstanceId? Id { get; init; }

    /// <summary>Whether it may be sent again where nobody knows what became of it: the store has the VM once.</summary>
    public bool IsRepeatable => Id is not null || From is not null;

    /// <summary>The node that the VM is to leave, which is none of the choice; nothing is made then: a node that kept room for nothing lets it go by itself. Null: it leaves none.</summary>
    public string? From { get; init; }

    /// <summary>The nodes that refused.</summary>
    public Dictionary<string, NodeRefusal> Refusals { get; } = new(StringComparer.Ordinal);

    /// <summary>The node that is asked; null: none is.</summary>
    public string? At { get; set; }

    /// <summary>Since when, as a timestamp of the clock.</summary>
    public long SentAt { get; set; }

    /// <summary>Whether the VM is that node's already, which alone can answer.</summary>
    public bool IsSettled { get; set; }

    /// <summary>A creation.</summary>
    /// <param name="create">It.</param>
    /// <param name="session">Who asked.</param>
    /// <param name="now">The timestamp.</param>
    public static Placing Of(HostMessages.CreateVm create, IActorRef session, long now)
    {
        var follower = Akka.Serialization.Serialization.SerializedActorPath(session);
        return new Placing
        {
            Request = create.Request.Value,
            Asker = session,
            Correlation = create.Correlation,
            ToHost = ticket => create with { Correlation = ticket, Follower = follower },
            Began = now,
            IsNew = true,
            Id = create.Request.RequestId is { } requestId ? InstanceId.FromKey(create.Request.Principal.Agent, requestId, 0) : null,
        };
    }

    /// <summary>An adoption. Where the VM is, its rescuer has just looked up.</summary>
    /// <param name="adopt">It.</param>
    /// <param name="rescuer">Who asked.</param>
    /// <param name="now">The timestamp.</param>
    public static Placing Of(PlacementActor.Adopt adopt, IActorRef rescuer, long now) => new()
    {
        Request = adopt.Request,
        Asker = rescuer,
        Correlation = adopt.Correlation,
        ToHost = ticket => new HostMessages.AdoptVm(ticket, adopt.Id, adopt.From),
        Began = now,
    };

    /// <summary>Room for a VM that is to move.</summary>
    /// <param name="expect">It.</param>
    /// <param name="drain">Who asked.</param>
    /// <param name="now">The timestamp.</param>
    public static Placing Of(PlacementActor.Expect expect, IActorRef drain, long now) => new()
    {
        Request = expect.Request,
        Asker = drain,
        Correlation = expect.Correlation,
        ToHost = ticket => new HostMessages.ExpectVm(ticket, expect.Id, expect.From, WithDisk: false),
        Began = now,
        From = expect.From,
    };
}
