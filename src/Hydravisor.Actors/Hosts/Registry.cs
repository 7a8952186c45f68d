using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Journal;
using Hydravisor.Actors.Vms;
using Hydravisor.Protocol;

namespace Hydravisor.Actors.Hosts;

/// <summary>What a node remembers of a VM that it has or had: enough to find it, to keep room for it, and to know a repeated request.</summary>
/// <param name="Id">The instance.</param>
/// <param name="Name">Its name, unique among the VMs that are there.</param>
/// <param name="Agent">Who asked for it.</param>
/// <param name="RequestId">Under which request id.</param>
/// <param name="Digest">The digest of the wishes.</param>
/// <param name="Os">The image.</param>
/// <param name="Vcpus">Virtual processors kept for it.</param>
/// <param name="RamBytes">Memory kept for it.</param>
/// <param name="DiskBytes">Disk promised to it.</param>
/// <param name="Retired">When it was deleted; null while it is there.</param>
/// <param name="Incarnation">Its last incarnation, once it is deleted.</param>
/// <param name="Labels">Its labels; null: none.</param>
internal sealed record RegistryEntry(
    InstanceId Id,
    string Name,
    string Agent,
    string? RequestId,
    string Digest,
    string Os,
    int Vcpus,
    long RamBytes,
    long DiskBytes,
    DateTimeOffset? Retired = null,
    long Incarnation = 0,
    IReadOnlyDictionary<string, string>? Labels = null);

/// <summary>A wish to be registered: an entry that has no id yet, and perhaps no name.</summary>
internal sealed record RegistryWish(
    string? Name, string Agent, string? RequestId, string Digest, string Os, int Vcpus, long RamBytes, long DiskBytes)
{
    /// <summary>The id that it has already, of a VM that comes from another node; null: it gets one.</summary>
    public InstanceId? Id { get; init; }

    /// <summary>Why it cannot be recorded now, as it would have to be; null: it can, or need not.</summary>
    public string? NoRecording { get; init; }

    /// <summary>The most that the agent may have; null: no limit.</summary>
    public RegistryQuota? Quota { get; init; }

    /// <summary>Its labels; null: none.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>On which node it may be; null: on any.</summary>
    public PlacementWish? Placement { get; init; }

    /// <summary>The entry under an id; its name is the id where none was wished for.</summary>
    public RegistryEntry As(InstanceId id) => new(id, Name ?? id.Value, Agent, RequestId, Digest, Os, Vcpus, RamBytes, DiskBytes, Labels: Labels);
}

/// <summary>The events of a node's registry.</summary>
internal static class RegistryEvents
{
    /// <summary>A VM has an id, a name and its room; its own journal starts next.</summary>
    public sealed record Registered(RegistryEntry Entry);

    /// <summary>A VM is deleted; its request id stays known.</summary>
    public sealed record Retired(InstanceId Id, long Incarnation);

    /// <summary>A VM that was registered never came to be.</summary>
    public sealed record Voided(InstanceId Id);

    /// <summary>A VM is another node's by now, and nothing of it is left here.</summary>
    /// <param name="Id">The VM.</param>
    /// <param name="To">The node.</param>
    public sealed record Departed(InstanceId Id, string To);

    /// <summary>An operator lets the node take no new VMs.</summary>
    /// <param name="Why">In the operator's words; null: none were given.</param>
    public sealed record Cordoned(string? Why);

    /// <summary>An operator has the node's VMs moved to other nodes, and lets it take no new ones.</summary>
    /// <param name="Why">In the operator's words; null: none were given.</param>
    public sealed record Drained(string? Why);

    /// <summary>The node takes new VMs again.</summary>
    public sealed record Resumed;

    /// <summary>The manifests.</summary>
    public static Vocabulary Vocabulary { get; } = new(
        ("registry.registered.v1", RegistryJson.Default.Registered),
        ("registry.retired.v1", RegistryJson.Default.Retired),
        ("registry.voided.v1", RegistryJson.Default.Voided),
        ("registry.departed.v1", RegistryJson.Default.Departed),
        ("registry.cordoned.v1", RegistryJson.Default.Cordoned),
        ("registry.drained.v1", RegistryJson.Default.Drained),
        ("registry.resumed.v1", RegistryJson.Default.Resumed));
}

/// <summary>That a node takes no new VMs.</summary>
/// <param name="Since">Since when.</param>
/// <param name="Why">In the operator's words; null: none were given.</param>
/// <param name="IsDrain">Whether its VMs are moved to other nodes.</param>
internal sealed record Cordon(DateTimeOffset Since, string? Why, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool IsDrain = false)
{
    /// <summary>What it says to who asks for a VM.</summary>
    [JsonIgnore]
    public string Sentence => string.Create(CultureInfo.InvariantCulture, $"it is {(IsDrain ? "drained" : "cordoned")} since {Since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}{(Why is null ? "" : $" ({Why})")}");
}

/// <summary>A node's registry, as its events tell. Immutable.</summary>
/// <param name="Entries">The VMs that it has, and those it had.</param>
/// <param name="Cordon">Null: it takes new VMs.</param>
internal sealed record RegistryState(ImmutableDictionary<InstanceId, RegistryEntry> Entries, Cordon? Cordon = null)
{
    /// <summary>A registry without entries.</summary>
    public static RegistryState Empty { get; } = new(ImmutableDictionary<InstanceId, RegistryEntry>.Empty);

    /// <summary>The VMs that are there.</summary>
    public IEnumerable<RegistryEntry> There => Entries.Values.Where(entry => entry.Retired is null);

    /// <summary>The state after an event. Pure.</summary>
    public RegistryState Apply(object @event, DateTimeOffset at) => @event switch
    {
        RegistryEvents.Registered e => this with { Entries = Entries.Add(e.Entry.Id, e.Entry) },
        RegistryEvents.Retired e => this with { Entries = Entries.SetItem(e.Id, Entries[e.Id] with { Retired = at, Incarnation = e.Incarnation }) },
        RegistryEvents.Voided e => this with { Entries = Entries.Remove(e.Id) },
        RegistryEvents.Departed e => this with { Entries = Entries.Remove(e.Id) },
        RegistryEvents.Cordoned e => this with { Cordon = new Cordon(at, e.Why) },
        RegistryEvents.Drained e => this with { Cordon = new Cordon(at, e.Why, IsDrain: true) },
        RegistryEvents.Resumed => this with { Cordon = null },
        _ => throw new InvalidOperationException($"{@event.GetType().Name} is no event of the registry."),
    };

    /// <summary>The state without the entries that were retired before a point in time.</summary>
    public RegistryState ForgetRetiredBefore(DateTimeOffset point) =>
        this with { Entries = Entries.RemoveRange(Entries.Values.Where(entry => entry.Retired < point).Select(entry => entry.Id)) };
}

/// <summary>The registry's snapshot.</summary>
internal sealed record RegistrySnapshot(IReadOnlyList<RegistryEntry> Entries, string Head, Cordon? Cordon = null);

/// <summary>What is decided on a registration.</summary>
internal abstract record Registration
{
    private Registration()
    {
    }

    /// <summary>It is new: store it.</summary>
    public sealed record New(RegistryEntry Entry) : Registration;

    /// <summary>The same request was registered before.</summary>
    public sealed record Known(RegistryEntry Entry) : Registration;

    /// <summary>Refused.</summary>
    public sealed record Refused(ErrorCode Code, string Message) : Registration;
}

/// <summary>Decides on registrations. Pure.</summary>
internal static class RegistryDecider
{
    private static readonly Dictionary<string, string> NoLabels = [];

    /// <summary>Decides whether a VM may be registered, and under which id.</summary>
    /// <param name="state">The registry.</param>
    /// <param name="wanted">What is wished for.</param>
    /// <param name="capacity">What the node has.</param>
    /// <param name="settings">How much of it is given away.</param>
    /// <param name="random">An id for a request without a request id; asked again while the id is taken.</param>
    public static Registration Decide(
        RegistryState state, RegistryWish wanted, Capacity capacity, HostSettings settings, Func<InstanceId> random)
    {
        InstanceId id;
        if (wanted.Id is { } own)
        {
            id = own;
            if (state.Entries.TryGetValue(id, out var entry))
            {
                return new Registration.Known(entry);
            }
        }
        else if (wanted.RequestId is { } requestId)
        {
            // The id follows from the request id, so that a repeated request finds its VM after any crash, on any node.
            var attempt = 0;
            id = InstanceId.FromKey(wanted.Agent, requestId, attempt);
            while (state.Entries.TryGetValue(id, out var entry))
            {
                if (entry.Agent == wanted.Agent && entry.RequestId == requestId)
                {
                    return entry.Digest == wanted.Digest
                        ? new Registration.Known(entry)
                        : new Registration.Refused(
                            ErrorCode.Conflict,
                            $"request_id '{requestId}' was used before, for {id}, with other parameters; use a new request_id for another VM");
                }

                id = InstanceId.FromKey(wanted.Agent, requestId, ++attempt);
            }
        }
        else
        {
            do
            {
                id = random();
            }
            while (state.Entries.ContainsKey(id));
        }

        if (wanted.NoRecording is { } why)
        {
            return new Registration.Refused(
                ErrorCode.NoRoom, $"the VM would be recorded (record_session), and nothing new can be recorded now: {why}");
        }

        var named = wanted.As(id);
        return (wanted.Quota?.Refusal(RegistryQuota.Use.Of(state, wanted.Agent), named) ?? Refusal(state, named, wanted.Placement, capacity, settings)) ?? (Registration)new Registration.New(named);
    }

    private static Registration.Refused? Refusal(RegistryState state, RegistryEntry wanted, PlacementWish? placement, Capacity capacity, HostSettings settings)
    {
        var there = state.There.ToList();
        if (there.Find(entry => entry.Name == wanted.Name) is { } namesake)
        {
            return NameTaken(wanted.Name, namesake.Id);
        }

        return state.Cordon is { } cordon ? new(ErrorCode.NoRoom, $"the node takes no new VMs: {cordon.Sentence}")
            : Room.Of(there, capacity, settings).WhyNot(wanted.Vcpus, wanted.RamBytes, wanted.DiskBytes) is { } why
                ? new(ErrorCode.NoRoom, $"the node has no room: {why}; delete a VM, or ask for less")
            : placement is not null && there.Find(entry => placement.IsApartFrom(entry.Labels ?? NoLabels)) is { } neighbour
                ? new(ErrorCode.NoRoom, $"the node has {neighbour.Id}, of which placement.anti_affinity keeps it apart")
            : null;
    }

    /// <summary>The answer to who wants a name that is taken.</summary>
    public static Registration.Refused NameTaken(string name, InstanceId by) =>
        new(ErrorCode.Conflict, $"the name '{name}' is taken by {by}; choose another, or delete that VM first");
}

/// <summary>The stored form of the registry.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(InstanceIdJson)])]
[JsonSerializable(typeof(RegistryEvents.Registered))]
[JsonSerializable(typeof(RegistryEvents.Retired))]
[JsonSerializable(typeof(RegistryEvents.Voided))]
[JsonSerializable(typeof(RegistryEvents.Departed))]
[JsonSerializable(typeof(RegistryEvents.Cordoned))]
[JsonSerializable(typeof(RegistryEvents.Drained))]
[JsonSerializable(typeof(RegistryEvents.Resumed))]
[JsonSerializable(typeof(RegistrySnapshot))]
internal sealed partial class RegistryJson : JsonSerializerContext;
