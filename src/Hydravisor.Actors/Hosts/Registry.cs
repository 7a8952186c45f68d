using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Hydravisor.Actors.Hypervisors;
using Hydravisor.Actors.Journal;
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
    long Incarnation = 0);

/// <summary>A wish to be registered: an entry that has no id yet, and perhaps no name.</summary>
internal sealed record RegistryWish(
    string? Name, string Agent, string? RequestId, string Digest, string Os, int Vcpus, long RamBytes, long DiskBytes)
{
    /// <summary>Why it cannot be recorded now, as it would have to be; null: it can, or need not.</summary>
    public string? NoRecording { get; init; }

    /// <summary>The most that the agent may have; null: no limit.</summary>
    public RegistryQuota? Quota { get; init; }

    /// <summary>The entry under an id; its name is the id where none was wished for.</summary>
    public RegistryEntry As(InstanceId id) => new(id, Name ?? id.Value, Agent, RequestId, Digest, Os, Vcpus, RamBytes, DiskBytes);
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

    /// <summary>The manifests.</summary>
    public static Vocabulary Vocabulary { get; } = new(
        ("registry.registered.v1", RegistryJson.Default.Registered),
        ("registry.retired.v1", RegistryJson.Default.Retired),
        ("registry.voided.v1", RegistryJson.Default.Voided));
}

/// <summary>A node's registry, as its events tell. Immutable.</summary>
internal sealed record RegistryState(ImmutableDictionary<InstanceId, RegistryEntry> Entries)
{
    /// <summary>A registry without entries.</summary>
    public static RegistryState Empty { get; } = new(ImmutableDictionary<InstanceId, RegistryEntry>.Empty);

    /// <summary>The state after an event. Pure.</summary>
    public RegistryState Apply(object @event, DateTimeOffset at) => @event switch
    {
        RegistryEvents.Registered e => new(Entries.Add(e.Entry.Id, e.Entry)),
        RegistryEvents.Retired e => new(Entries.SetItem(e.Id, Entries[e.Id] with { Retired = at, Incarnation = e.Incarnation })),
        RegistryEvents.Voided e => new(Entries.Remove(e.Id)),
        _ => throw new InvalidOperationException($"{@event.GetType().Name} is no event of the registry."),
    };

    /// <summary>The state without the entries that were retired before a point in time.</summary>
    public RegistryState ForgetRetiredBefore(DateTimeOffset point) =>
        new(Entries.RemoveRange(Entries.Values.Where(entry => entry.Retired < point).Select(entry => entry.Id)));
}

/// <summary>The registry's snapshot.</summary>
internal sealed record RegistrySnapshot(IReadOnlyList<RegistryEntry> Entries, string Head);

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
        if (wanted.RequestId is { } requestId)
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
        return (wanted.Quota?.Refusal(state, named) ?? Refusal(state, named, capacity, settings)) ?? (Registration)new Registration.New(named);
    }

    private static Registration.Refused? Refusal(RegistryState state, RegistryEntry wanted, Capacity capacity, HostSettings settings)
    {
        var there = state.Entries.Values.Where(entry => entry.Retired is null).ToList();
        if (there.Find(entry => entry.Name == wanted.Name) is { } namesake)
        {
            return new(ErrorCode.Conflict, $"the name '{wanted.Name}' is taken by {namesake.Id}; choose another, or delete that VM first");
        }

        if (there.Count >= settings.VmsMax)
        {
            return NoRoom($"it has {there.Count} VMs of {settings.VmsMax} at most (hydravisor.host.vms-max)");
        }

        var vcpus = (long)Math.Floor(capacity.Cpus * settings.VcpuOvercommit) - there.Sum(entry => (long)entry.Vcpus);
        if (wanted.Vcpus > vcpus)
        {
            return NoRoom($"{wanted.Vcpus} vCPUs were asked for and {Math.Max(vcpus, 0)} are left");
        }

        var ram = (long)((capacity.RamBytes - settings.RamReservedBytes) * settings.RamOvercommit) - there.Sum(entry => entry.RamBytes);
        if (wanted.RamBytes > ram)
        {
            return NoRoom($"{new ByteSize(wanted.RamBytes)} of memory were asked for and {InMegabytes(ram)} are left");
        }

        var disk = (long)(capacity.DiskBytes * settings.DiskOvercommit) - there.Sum(entry => entry.DiskBytes);
        if (wanted.DiskBytes > disk)
        {
            return NoRoom($"{new ByteSize(wanted.DiskBytes)} of disk were asked for and {InMegabytes(disk)} are left");
        }

        return capacity.DiskFreeBytes < settings.DiskFreeMinBytes
            ? NoRoom($"its disk has {InMegabytes(capacity.DiskFreeBytes)} free, and {InMegabytes(settings.DiskFreeMinBytes)} must be (hydravisor.host.disk-free-min)")
            : null;
    }

    private static Registration.Refused NoRoom(string why) =>
        new(ErrorCode.NoRoom, $"the node has no room: {why}; delete a VM, or ask for less");

    private static string InMegabytes(long bytes) => $"{Math.Max(bytes, 0) >> 20}MB";
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
[JsonSerializable(typeof(RegistrySnapshot))]
internal sealed partial class RegistryJson : JsonSerializerContext;
